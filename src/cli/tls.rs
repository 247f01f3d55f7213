//! The options of those who connect over TLS.

use std::path::PathBuf;

use clap::Args;

use crate::tls::{ClientFiles, Identity};

/// Whether a server is spoken to over TLS, whom to trust, and who one is.
#[derive(Args, Clone, Debug)]
pub struct ClientTls {
    #[arg(long)]
    tls: bool,
    #[arg(long, value_name = "file", requires = "tls")]
    tls_ca: Option<PathBuf>,
    #[arg(long, value_name = "file", requires_all = ["tls", "tls_key"])]
    tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "file", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl ClientTls {
    /// What is to be read, if TLS was asked for.
    #[must_use]
    pub fn files(&self) -> Option<ClientFiles> {
        let identity = self.tls_cert.clone().zip(self.tls_key.clone());
        let identity = identity.map(|(certificate, key)| Identity { certificate, key });
        self.tls.then(|| ClientFiles { ca: self.tls_ca.clone(), identity })
    }

    /// The options that say so, for a command to be repeated.
    #[must_use]
    pub fn words(&self) -> String {
        let files = [("--tls-ca", &self.tls_ca), ("--tls-cert", &self.tls_cert), ("--tls-key", &self.tls_key)];
        let mut words = if self.tls { "--tls ".to_owned() } else { String::new() };
        for (option, file) in files {
            words.extend(file.iter().map(|file| format!("{option} {} ", shell_words::quote(&file.to_string_lossy()))));
        }
        words
    }
}
