//! The client: a connection to a server as an ordered stream of events.
//!
//! [`connect`] joins a room; [`Client::say`] says a text and gives a [`Receipt`]; the
//! client is a stream of what the room's log says, in its order, the receipts of one's
//! own texts among it:
//!
//! ```
//! # use charla::server::{Options, Server, bind};
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let listener = bind("127.0.0.1", 0).await?.remove(0);
//! # let address = &listener.local_addr()?.to_string();
//! # tokio::spawn(Server::new(Options::default()).listen(listener).run(std::future::pending()));
//! use charla::client::{Event, connect};
//!
//! let mut ana = connect(address, "Ana").await?;
//! let hola = ana.say("hola")?;
//! let ending = loop {
//!     match ana.event().await {
//!         Ok(Event::Receipt { receipt, .. }) if receipt == hola => ana.leave(),
//!         Ok(_) => {}
//!         Err(ending) => break ending,
//!     }
//! };
//! println!("{ending}; {} texts have no receipt", ana.waiting());
//! # assert_eq!((ana.waiting(), ending.to_string().as_str()), (0, "the server ended the connection with BYE quit"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Names and texts are strings of UTF-8, their lengths in bytes; ids such as
//! [CLIENT-13] are clauses of SPEC.md, whose section 10 says what a client owes.
//!
//! There is no task, no lock and no clock in a [`Client`]: lines go out while it is
//! awaited, which reads and writes at the same time. So it never blocks on a server that
//! has stopped reading, and whoever awaits it in a loop can never deadlock. The stream may
//! come from outside, as a pipe does in a test ([`Client::join`]); [`connect_tls`] speaks TLS. [`Client::hear`] tells
//! the same as `event`, all that one read gives and without a copy.
//!
//! The end of it all is an [`Ending`], which tells what became of the texts that
//! have no receipt; [`Reconnect`] says whether and when to come back. Around it stand the
//! two programs: `pipe`, a filter, and `terminal`, a line editor; [`input`] makes texts of
//! what is typed, and [`render`] has every word that they show. `examples/` has two more,
//! a bot that answers and a bridge between two rooms.

mod address;
mod alias;
mod connection;
#[cfg(feature = "cli")]
mod end;
mod event;
pub mod input;
mod join;
#[cfg(feature = "cli")]
pub mod pipe;
mod reconnect;
pub mod render;
mod route;
#[cfg(feature = "cli")]
mod signals;
#[cfg(feature = "cli")]
pub mod terminal;

pub use address::{Address, BadAddress};
pub use connection::Client;
pub use event::{Ending, Event, SayError};
pub use join::{JoinError, connect, connect_tls};
pub use reconnect::Reconnect;
pub use route::{Route, Stream};

pub use crate::proto::client_session::{Farewell, Fate, News, Receipt};
