//! The way into a room, from an address and a name to a [`Client`] that is in it.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Address, BadAddress, Client, Ending, Route, Stream};
use crate::proto::{Name, NameError};
use crate::tls::Refusal;

/// Joins the room of the server at `address`, as `HOST`, `HOST:PORT` or
/// `[IPV6]:PORT`, under this name, and is in it when it returns
/// (SPEC.md, "Joining": [CLIENT-1] to [CLIENT-3]).
///
/// Each address of the host may take 10 s to answer. How long a server may take to
/// let one in is up to the caller: a future that is dropped ends the connection.
///
/// ```
/// # use charla::server::{Options, Server, bind};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let listener = bind("127.0.0.1", 0).await?.remove(0);
/// # let address = &listener.local_addr()?.to_string();
/// # tokio::spawn(Server::new(Options::default()).listen(listener).run(std::future::pending()));
/// use charla::client::connect;
///
/// let ana = connect(address, "Ana").await?;
/// assert_eq!(ana.roster(), ["Ana"]);
///
/// let error = connect(address, "ANA").await.unwrap_err();
/// assert!(error.is_about_the_name(), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the way in ended; nothing was said yet.
pub async fn connect(address: &str, name: &str) -> Result<Client<TcpStream>, JoinError> {
    let address: Address = address.parse().map_err(JoinError::Address)?;
    let name = Name::new(name).map_err(JoinError::Name)?;
    enter(address.connect().await.map_err(JoinError::Unreachable)?, name).await
}

/// The same over TLS, where the port is 65435 unless it is given. The server has to prove that
/// it is the host of `address`, to those whom `tls` trusts.
///
/// ```no_run
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use charla::client::connect_tls;
/// use charla::tls::ClientFiles;
///
/// // Whom the system trusts; or the authority in a file: `ca: Some("ca.pem".into())`.
/// let tls = ClientFiles::default().config()?;
/// let mut ana = connect_tls("chat.example.org", "Ana", tls).await?;
/// ana.say("hola")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the way in ended; nothing was said yet.
pub async fn connect_tls(address: &str, name: &str, tls: Arc<ClientConfig>) -> Result<Client<Stream>, JoinError> {
    let address = Address::over_tls(address).map_err(JoinError::Address)?;
    let name = Name::new(name).map_err(JoinError::Name)?;
    let route = Route::over_tls(address, tls).map_err(|_| JoinError::Address(BadAddress::Host))?;
    enter(route.connect().await?, name).await
}

async fn enter<S: AsyncRead + AsyncWrite + Unpin>(stream: S, name: Name) -> Result<Client<S>, JoinError> {
    let mut client = Client::join(stream, name);
    client.welcome().await?;
    Ok(client)
}

/// Why one is not in the room.
#[derive(Debug)]
pub enum JoinError {
    /// The address is none.
    Address(BadAddress),
    /// The name breaks the rules for names (SPEC.md, section 5).
    Name(NameError),
    /// No address of the host takes a connection.
    Unreachable(io::Error),
    /// What answers there does not come together with one over TLS, now or again.
    Tls(Refusal),
    /// The connection ended before the own `JOIN`. [`Ending::Bye`] is the server's
    /// refusal (SPEC.md, section 8).
    Ended(Ending),
}

impl JoinError {
    /// Whether the name is invalid or taken: another one may help.
    #[must_use]
    pub fn is_about_the_name(&self) -> bool {
        match self {
            JoinError::Name(_) => true,
            JoinError::Ended(Ending::Bye(farewell)) => farewell.is_about_the_name(),
            JoinError::Address(_) | JoinError::Unreachable(_) | JoinError::Tls(_) | JoinError::Ended(_) => false,
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Address(_) => write!(f, "the address is no HOST, HOST:PORT or [IPV6]:PORT"),
            JoinError::Name(error) => write!(f, "the name is none: {error}"),
            JoinError::Unreachable(error) => write!(f, "there is no connection to be had: {error}"),
            JoinError::Tls(refusal) => refusal.fmt(f),
            JoinError::Ended(ending) => write!(f, "not in the room: {ending}"),
        }
    }
}

impl Error for JoinError {}
