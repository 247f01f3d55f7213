//! TLS: certificates, keys and authorities from files, and what to say when they or those of
//! the other side do not fit.
//!
//! [rustls] does the work, in the versions 1.2 and 1.3 of TLS. [`ServerFiles`] and
//! [`ClientFiles`] make its configurations of PEM files; a [`SetupError`] says what is wrong
//! with one, and a [`Refusal`] why a handshake ended. A [`Host`] is a server that is to prove who it is. The sockets are elsewhere: what listens
//! in [`server`](crate::server), what connects in [`client`](crate::client).

mod files;
mod refusal;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

pub use files::{ClientFiles, Identity, ServerFiles, SetupError};
pub use refusal::Refusal;

/// What a connection is for, in the words of ALPN (SPEC.md, "TLS").
pub const ALPN: &[u8] = b"charla.1";

/// A server that is to prove who it is.
#[derive(Clone, Debug)]
pub struct Host {
    /// Who is trusted to say so.
    pub config: Arc<ClientConfig>,
    /// Who that is: a name of DNS, or an IP address.
    pub name: ServerName<'static>,
}

impl Host {
    /// The server of this name; [`ClientFiles`] gives the configuration.
    ///
    /// # Errors
    /// Nobody can have this name.
    pub fn new(config: Arc<ClientConfig>, name: &str) -> Result<Host, SetupError> {
        let named = ServerName::try_from(name.to_owned()).map_err(|_| SetupError::NoHost(name.to_owned()))?;
        Ok(Host { config, name: named })
    }
}
