//! How hands are shaken over TLS in a case that is about it: what its actors name to a server,
//! and what a client is shown.

use std::sync::Arc;

use crate::check::case::Tls;
use crate::tls::Host;

/// What a browser names.
const OTHER_PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Who the server has to be, and what is named to it; nothing where the actors speak TLS themselves.
pub(super) fn host(tls: Option<Tls>, host: Option<&Host>) -> Option<Host> {
    let naming = |host: &Host, protocols: &[&[u8]]| {
        let mut config = (*host.config).clone();
        config.alpn_protocols = protocols.iter().map(|&name| name.to_owned()).collect();
        Host { config: Arc::new(config), name: host.name.clone() }
    };
    match tls {
        None | Some(Tls::Usual | Tls::Stranger | Tls::OtherHost) => host.cloned(),
        Some(Tls::NoAlpn) => host.map(|host| naming(host, &[])),
        Some(Tls::OtherAlpn) => host.map(|host| naming(host, OTHER_PROTOCOLS)),
        Some(Tls::Raw) => None,
    }
}

#[cfg(feature = "check")]
pub(super) use client::{config, welcome};

#[cfg(feature = "check")]
mod client {
    use std::io::{self, ErrorKind};
    use std::net::TcpStream;
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::ServerConfig;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::server::{AcceptedAlert, Acceptor};
    use rustls::sign::{CertifiedKey, SingleCertAndKey};

    use super::super::tunnel::Tunnel;
    use crate::check::case::Tls;
    use crate::tls::ALPN;

    /// A certificate for `localhost` that no authority has signed, and its key, which everybody knows.
    const STRANGER: &[u8] = include_bytes!("../../../fixtures/stranger.pem");

    /// What is spoken to a client.
    pub(in super::super) fn config(tls: Option<Tls>, config: &Arc<ServerConfig>) -> io::Result<Arc<ServerConfig>> {
        if tls != Some(Tls::Stranger) {
            return Ok(Arc::clone(config));
        }
        let certificate = CertificateDer::from_pem_slice(STRANGER).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(STRANGER).map_err(io::Error::other)?;
        let key = CertifiedKey::from_der(vec![certificate], key, config.crypto_provider());
        let mut changed = (**config).clone();
        changed.cert_resolver = Arc::new(SingleCertAndKey::from(key.map_err(io::Error::other)?));
        Ok(Arc::new(changed))
    }

    /// Shakes hands with a client, within this time for each step. Behind the session stands which
    /// application protocols it names; whatever these are, it is welcome: one case tells of them.
    pub(in super::super) fn welcome(
        config: &Arc<ServerConfig>,
        stream: &mut TcpStream,
        within: Duration,
    ) -> io::Result<(Tunnel, Vec<Vec<u8>>)> {
        stream.set_read_timeout(Some(within))?;
        stream.set_write_timeout(Some(within))?;
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            if acceptor.read_tls(stream)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(accepted) = acceptor.accept().map_err(|why| told(stream, why))? {
                break accepted;
            }
        };
        let named = accepted.client_hello().alpn();
        let protocols: Vec<_> = named.into_iter().flatten().map(<[u8]>::to_vec).collect();
        let mut config = Arc::clone(config);
        if !protocols.iter().any(|name| name == ALPN) {
            Arc::make_mut(&mut config).alpn_protocols.clear();
        }
        let session = accepted.into_connection(config).map_err(|why| told(stream, why))?;
        Ok((Tunnel::open(session.into(), stream, within)?, protocols))
    }

    /// What went wrong, which the client is told.
    fn told(stream: &mut TcpStream, (error, mut alert): (rustls::Error, AcceptedAlert)) -> io::Error {
        // It may have gone.
        let _ = alert.write_all(stream);
        io::Error::other(error)
    }
}
