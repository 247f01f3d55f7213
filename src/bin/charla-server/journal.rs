//! The journal of a room that several servers share: its options, and what stands in its way.

use std::path::PathBuf;
use std::time::Duration;

use charla::cli::BadValue;
use charla::lang::Language;
use charla::server::{self, Journal, JournalError, JournalOptions};
use clap::Args;

use super::options::seconds;

/// Where the journal is, and what it keeps.
#[derive(Args)]
pub(crate) struct Sharing {
    #[arg(long, value_name = "nats")]
    journal: Option<String>,
    #[arg(long, value_name = "room", default_value = "charla", hide_default_value = true, value_parser = room)]
    room: String,
    #[arg(long, value_name = "replicas", default_value = "3", hide_default_value = true, value_parser = replicas)]
    replicas: usize,
    #[arg(long, value_name = "file", requires = "journal")]
    nats_creds: Option<PathBuf>,
    #[arg(long, value_name = "lease", default_value = "15", hide_default_value = true, value_parser = lease)]
    lease: Duration,
    #[arg(long, value_name = "journal-bytes", default_value = "1073741824", hide_default_value = true, value_parser = bytes)]
    journal_bytes: u64,
    #[arg(long, value_name = "journal-age", default_value = "86400", hide_default_value = true, value_parser = age)]
    journal_age: Duration,
}

impl Sharing {
    /// What of these the server is to share its room with, if with any.
    pub(crate) fn options(self, options: &server::Options) -> Option<JournalOptions> {
        Some(JournalOptions {
            servers: self.journal?,
            room: self.room,
            replicas: self.replicas,
            credentials: self.nats_creds,
            lease: self.lease,
            max_bytes: self.journal_bytes,
            max_age: self.journal_age,
            confusables: options.confusables,
        })
    }
}

/// Opens the journal; while it is away this waits.
pub(crate) async fn open(options: JournalOptions, language: Language) -> Result<Journal, String> {
    Journal::open(options).await.map_err(|error| explain(&error, language))
}

fn explain(error: &JournalError, language: Language) -> String {
    match error {
        JournalError::BadServers(reason) => {
            language.text_with("server-journal-bad-servers", &[("reason", reason.into())])
        }
        JournalError::Credentials(file, error) => language.text_with(
            "server-journal-credentials",
            &[("file", file.display().to_string().into()), ("reason", error.to_string().into())],
        ),
        JournalError::Refused(reason) => language.text_with("server-journal-refused", &[("reason", reason.into())]),
        JournalError::TooOld(version) => language.text_with(
            "server-journal-too-old",
            &[("version", version.into()), ("needed", server::NATS_NEEDED.into())],
        ),
        JournalError::Replicas(count) => language.text_with("server-journal-replicas", &[("count", (*count).into())]),
        JournalError::Confusables => language.text("server-journal-confusables"),
    }
}

/// What may stand in the name of a stream and in a subject.
fn room(given: &str) -> Result<String, BadValue> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (1..=64).contains(&given.len()) && given.bytes().all(is_plain);
    if fits { Ok(given.to_owned()) } else { Err(BadValue) }
}

/// As many as NATS can have.
fn replicas(given: &str) -> Result<usize, BadValue> {
    given.parse().ok().filter(|count| (1..=5).contains(count)).ok_or(BadValue)
}

/// Long enough that a busy machine is not held for dead.
fn lease(given: &str) -> Result<Duration, BadValue> {
    seconds(given).ok().filter(|lease| (1.0..=3600.0).contains(&lease.as_secs_f64())).ok_or(BadValue)
}

/// At least what a node may have to catch up with.
fn bytes(given: &str) -> Result<u64, BadValue> {
    given.parse().ok().filter(|bytes| *bytes >= 4 * 1024 * 1024).ok_or(BadValue)
}

fn age(given: &str) -> Result<Duration, BadValue> {
    seconds(given).ok().filter(|age| *age >= Duration::from_mins(1)).ok_or(BadValue)
}
