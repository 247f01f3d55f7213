//! Why a handshake ended, in words that tell a person what to do.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::lang::{Language, Words};

/// Why a client and a server do not come together over TLS. It would be the same again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server's certificate is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is for these names, if for any, and not for the one that was asked for.
    OtherName(Vec<String>),
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// It is not to be trusted for another reason.
    Untrusted(String),
    /// The server lets in only clients that have a certificate.
    CertificateWanted,
    /// The server does not take the client's certificate, for this reason.
    CertificateRefused(String),
    /// What answers does not speak TLS.
    NotTls,
    /// It speaks TLS, but in no way that both know.
    NothingInCommon(String),
}

impl Refusal {
    /// Why TLS ended in this error of the stream, where that is the reason.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Refusal> {
        match error.get_ref()?.downcast_ref()? {
            rustls::Error::InvalidCertificate(error) => Some(Refusal::of_certificate(error)),
            rustls::Error::AlertReceived(alert) => Refusal::of_alert(*alert),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Some(Refusal::NotTls),
            error @ rustls::Error::PeerIncompatible(_) => Some(Refusal::NothingInCommon(error.to_string())),
            _ => None,
        }
    }

    fn of_certificate(error: &CertificateError) -> Refusal {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Refusal::NotYetValid,
            CertificateError::NotValidForName => Refusal::OtherName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Refusal::OtherName(presented.iter().map(|name| bare(name)).collect())
            }
            CertificateError::UnknownIssuer => Refusal::UnknownIssuer,
            error => Refusal::Untrusted(error.to_string()),
        }
    }

    /// What the other side says in its last word.
    fn of_alert(alert: AlertDescription) -> Option<Refusal> {
        use AlertDescription as Alert;
        match alert {
            Alert::CertificateRequired | Alert::NoCertificate => Some(Refusal::CertificateWanted),
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied => Some(Refusal::CertificateRefused(told(alert))),
            Alert::HandshakeFailure
            | Alert::ProtocolVersion
            | Alert::InsufficientSecurity
            | Alert::NoApplicationProtocol
            | Alert::UnrecognisedName => Some(Refusal::NothingInCommon(told(alert))),
            _ => None,
        }
    }

    /// What is the matter, and what to do about it.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Refusal::Expired => Words::new("tls-expired", []),
            Refusal::NotYetValid => Words::new("tls-not-yet-valid", []),
            Refusal::OtherName(names) if names.is_empty() => Words::new("tls-no-name", []),
            Refusal::OtherName(names) => Words::new("tls-other-name", [("names", shown(names))]),
            Refusal::UnknownIssuer => Words::new("tls-unknown-issuer", []),
            Refusal::Untrusted(reason) => Words::new("tls-untrusted", [("reason", reason.as_str().into())]),
            Refusal::CertificateWanted => Words::new("tls-certificate-wanted", []),
            Refusal::CertificateRefused(reason) => {
                Words::new("tls-certificate-refused", [("reason", reason.as_str().into())])
            }
            Refusal::NotTls => Words::new("tls-not-tls", []),
            Refusal::NothingInCommon(reason) => {
                Words::new("tls-nothing-in-common", [("reason", reason.as_str().into())])
            }
        }
    }
}

/// A name out of the way in which webpki shows it, such as `DnsName("localhost")`.
fn bare(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')'));
    inner.unwrap_or(presented).trim_matches('"').to_owned()
}

/// The name of an alert, such as `UnknownCA`.
fn told(alert: AlertDescription) -> String {
    format!("{alert:?}")
}

/// The names of a certificate, which come from the network.
fn shown(names: &[String]) -> Words {
    crate::safe::safe(&names.join(", ")).into_owned().into()
}

impl fmt::Display for Refusal {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().in_language(Language::English))
    }
}

impl Error for Refusal {}
