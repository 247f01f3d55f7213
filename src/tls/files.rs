//! PEM files, made into configurations of rustls.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig};

use super::ALPN;
use crate::lang::{Language, Words};

/// A certificate, with those that lead to its authority behind it, and the key of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A PEM file of certificates, one's own first.
    pub certificate: PathBuf,
    /// A PEM file with the private key, without a password.
    pub key: PathBuf,
}

/// What a server needs for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFiles {
    /// Who it is.
    pub identity: Identity,
    /// A PEM file of authorities: only clients with a certificate of theirs are let in.
    pub client_ca: Option<PathBuf>,
}

/// What a client needs for TLS; the default trusts whom the system trusts, and shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFiles {
    /// A PEM file of the only authorities that are trusted, in the place of the system's.
    pub ca: Option<PathBuf>,
    /// Who it is, for a server that asks.
    pub identity: Option<Identity>,
}

/// Why there is no TLS with these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// It cannot be read.
    Unreadable(PathBuf, String),
    /// It has no certificate.
    NoCertificate(PathBuf),
    /// It has no private key that can be used without a password.
    NoKey(PathBuf),
    /// What it has is broken, or of a kind that is not known.
    Unusable(PathBuf, String),
    /// The key is that of another certificate.
    OtherKey(Identity),
    /// The system trusts nobody that could be found.
    NoAuthorities,
    /// No certificate can be for what is to be the name of the server.
    NoHost(String),
    /// rustls does not work here.
    Unavailable(String),
}

impl ServerFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// The first thing that is wrong with one of them.
    pub fn config(&self) -> Result<Arc<ServerConfig>, SetupError> {
        let (certificates, key) = self.identity.read()?;
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(ALL_VERSIONS).map_err(unavailable)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let authorities = Arc::new(authorities(ca)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider());
                builder.with_client_cert_verifier(verifier.build().map_err(unavailable)?)
            }
        };
        let single = builder.with_single_cert(certificates, key);
        let mut config = single.map_err(|error| self.identity.unfit(&error))?;
        config.alpn_protocols = vec![ALPN.to_owned()];
        Ok(Arc::new(config))
    }
}

impl ClientFiles {
    /// Reads the files, and the system's authorities where none are given.
    ///
    /// # Errors
    /// The first thing that is wrong with one of them.
    pub fn config(&self) -> Result<Arc<ClientConfig>, SetupError> {
        let authorities = match &self.ca {
            Some(ca) => authorities(ca)?,
            None => system_authorities()?,
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), provider());
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(ALL_VERSIONS).map_err(unavailable)?;
        let builder = builder.with_webpki_verifier(verifier.build().map_err(unavailable)?);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (certificates, key) = identity.read()?;
                let with_identity = builder.with_client_auth_cert(certificates, key);
                with_identity.map_err(|error| identity.unfit(&error))?
            }
        };
        config.alpn_protocols = vec![ALPN.to_owned()];
        Ok(Arc::new(config))
    }
}

impl Identity {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), SetupError> {
        let certificates = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key);
        Ok((certificates, key.map_err(|error| unread(&self.key, error, SetupError::NoKey))?))
    }

    /// Why rustls does not take certificate and key together.
    fn unfit(&self, error: &rustls::Error) -> SetupError {
        match error {
            rustls::Error::InconsistentKeys(_) => SetupError::OtherKey(self.clone()),
            rustls::Error::InvalidCertificate(_) => SetupError::Unusable(self.certificate.clone(), error.to_string()),
            _ => SetupError::Unusable(self.key.clone(), error.to_string()),
        }
    }
}

/// The one implementation of cryptography, whatever others the program is linked with.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn unavailable(error: impl fmt::Display) -> SetupError {
    SetupError::Unavailable(error.to_string())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unread(file, error, SetupError::NoCertificate))?;
    if certificates.is_empty() { Err(SetupError::NoCertificate(file.to_owned())) } else { Ok(certificates) }
}

fn authorities(file: &Path) -> Result<RootCertStore, SetupError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        store.add(certificate).map_err(|error| SetupError::Unusable(file.to_owned(), error.to_string()))?;
    }
    Ok(store)
}

/// Those of the system that can be read. One that cannot is nobody's fault here.
fn system_authorities() -> Result<RootCertStore, SetupError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() { Err(SetupError::NoAuthorities) } else { Ok(store) }
}

/// Why a PEM file gives nothing.
fn unread(file: &Path, error: pem::Error, nothing: fn(PathBuf) -> SetupError) -> SetupError {
    match error {
        pem::Error::Io(error) => SetupError::Unreadable(file.to_owned(), error.to_string()),
        pem::Error::NoItemsFound => nothing(file.to_owned()),
        error => SetupError::Unusable(file.to_owned(), error.to_string()),
    }
}

impl SetupError {
    /// What is wrong with which file, and what to do about it.
    #[must_use]
    pub fn words(&self) -> Words {
        let of = |file: &Path| Words::from(file.display().to_string());
        match self {
            SetupError::Unreadable(file, reason) => {
                Words::new("tls-unreadable", [("file", of(file)), ("reason", reason.as_str().into())])
            }
            SetupError::NoCertificate(file) => Words::new("tls-no-certificate", [("file", of(file))]),
            SetupError::NoKey(file) => Words::new("tls-no-key", [("file", of(file))]),
            SetupError::Unusable(file, reason) => {
                Words::new("tls-unusable", [("file", of(file)), ("reason", reason.as_str().into())])
            }
            SetupError::OtherKey(Identity { certificate, key }) => {
                Words::new("tls-other-key", [("key", of(key)), ("certificate", of(certificate))])
            }
            SetupError::NoHost(name) => Words::new("tls-no-host", [("name", name.as_str().into())]),
            SetupError::NoAuthorities => Words::new("tls-no-authorities", []),
            SetupError::Unavailable(reason) => Words::new("tls-unavailable", [("reason", reason.as_str().into())]),
        }
    }
}

impl fmt::Display for SetupError {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().in_language(Language::English))
    }
}

impl Error for SetupError {}
