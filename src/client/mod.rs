//! The client: a connection to a server as an ordered stream of events.
//!
//! [`Client`] joins under a name and is then read with [`Client::event`]: what
//! the room's log says, in its order, the receipts of one's own texts among it.
//! [`Client::say`] and [`Client::leave`] only put lines in line; they go out while
//! `event` is awaited, which reads and writes at the same time. So a client never
//! blocks on a server that has stopped reading, and whoever awaits `event` in a
//! loop can never deadlock. There is no task, no lock and no clock in it, and the
//! stream is given from outside: TCP, TLS, or a pipe in a test. [`Client::hear`] tells the
//! same as `event`, all that one read gives and without a copy.
//!
//! The end of it all is an [`Ending`], which tells what became of the texts that
//! have no receipt. Around it stand the two programs: [`pipe`], a filter, and
//! `terminal`, a line editor; [`render`] has every word that they show.
//!
//! ```
//! use charla::client::{Client, Event};
//! use charla::proto::{Name, Text};
//!
//! # async fn visit() -> Result<(), Box<dyn std::error::Error>> {
//! let stream = "localhost".parse::<charla::client::Address>()?.connect().await?;
//! let mut client = Client::join(stream, Name::new("Ana")?);
//! let ending = loop {
//!     match client.event().await {
//!         Ok(Event::Joined { .. }) => assert!(client.say(Text::new("hola")?)),
//!         Ok(Event::Receipt(_)) => client.leave(),
//!         Ok(_) => {}
//!         Err(ending) => break ending,
//!     }
//! };
//! # Ok(())
//! # }
//! ```

mod address;
mod connection;
pub mod input;
pub mod pipe;
pub mod render;
#[cfg(feature = "cli")]
pub mod terminal;

pub use address::{Address, BadAddress};
pub use connection::{Client, Ending, Event};
