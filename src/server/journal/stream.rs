//! The room's stream, as NATS keeps it: its subjects, its records, its limits.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::context::{CreateStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, RawMessageErrorKind, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::{JournalError, JournalOptions, RETRY};
use crate::room::{Confusables, Node};

/// The most bytes of one message. It is the largest step in which a room goes on.
const MESSAGE: usize = 128 * 1024;

/// So long NATS knows which messages it has, at least.
const DUPLICATES: Duration = Duration::from_mins(2);

/// How long NATS may take to answer what is not pressing.
const ANSWER: Duration = Duration::from_secs(2);

/// How often it is told that NATS is away.
const REMINDER: u32 = 20;

/// The header of a record that ends its node.
const END: &str = "Charla-End";

/// What of the stream's metadata says which names look alike for all nodes.
const POLICY: &str = "charla-confusables";

/// The stream of one room.
#[derive(Debug)]
pub(super) struct Stream {
    context: jetstream::Context,
    pub(super) options: JournalOptions,
}

/// The last record of a node.
pub(super) struct Last {
    pub(super) place: u64,
    pub(super) id: Option<String>,
    pub(super) is_end: bool,
}

/// Why something was not published.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is not to follow what is the last of its subject.
    WrongPlace,
    /// NATS did not say that it has it; it may have.
    Away(String),
}

/// A message of the stream.
pub(super) struct Message {
    pub(super) place: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Lines(Node, Bytes),
    End(Node),
    /// A state of the room, or something that is not ours.
    Other,
}

impl Stream {
    pub(super) async fn open(options: JournalOptions) -> Result<Stream, JournalError> {
        let client = connect(&options).await?;
        if !client.is_server_compatible(2, 10, 0) {
            return Err(JournalError::TooOld(client.server_info().version));
        }
        let context = jetstream::ContextBuilder::new().timeout(ANSWER).build(client);
        let stream = Stream { context, options };
        let mut tries = 0;
        while let Err(reason) = stream.make().await? {
            if tries % REMINDER == 0 {
                warn!(%reason, "waiting for the room's stream");
            }
            tries += 1;
            sleep(RETRY).await;
        }
        Ok(stream)
    }

    /// Makes the stream as it is to be, or says why it is to be tried again.
    pub(super) async fn make(&self) -> Result<Result<(), String>, JournalError> {
        let config = self.config();
        if let Ok(stream) = self.context.get_stream(&config.name).await {
            let policy = stream.cached_info().config.metadata.get(POLICY).cloned();
            if policy.as_ref() != config.metadata.get(POLICY) {
                return Err(JournalError::Confusables);
            }
        }
        match self.context.create_or_update_stream(config).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => match error.kind() {
                CreateStreamErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED =>
                {
                    Err(JournalError::Replicas(self.options.replicas))
                }
                _ => Ok(Err(error.to_string())),
            },
        }
    }

    fn config(&self) -> Config {
        let JournalOptions { room, replicas, max_bytes, max_age, confusables, .. } = &self.options;
        let policy = match confusables {
            Confusables::Refuse => "refuse",
            Confusables::Allow => "allow",
        };
        Config {
            name: self.name(),
            subjects: vec![format!("charla.{room}.>")],
            storage: StorageType::File,
            num_replicas: *replicas,
            max_bytes: i64::try_from(*max_bytes).unwrap_or(i64::MAX),
            max_age: *max_age,
            duplicate_window: DUPLICATES.min(*max_age),
            metadata: HashMap::from([(POLICY.to_owned(), policy.to_owned())]),
            ..Config::default()
        }
    }

    /// The most bytes of one message that NATS takes too, with its headers.
    pub(super) fn most(&self) -> usize {
        MESSAGE.min(self.context.client().max_payload() / 2)
    }

    fn name(&self) -> String {
        format!("charla-{}", self.options.room)
    }

    fn subject(&self, node: Node) -> String {
        format!("charla.{}.node.{node}", self.options.room)
    }

    fn state_subject(&self) -> String {
        format!("charla.{}.state", self.options.room)
    }

    fn part_subject(&self) -> String {
        format!("charla.{}.part", self.options.room)
    }

    /// Publishes the `number`th record of a node, behind the place of the one before it; gives its own.
    pub(super) async fn publish(&self, node: Node, number: u64, last: u64, lines: Bytes) -> Result<u64, Refused> {
        let message = PublishMessage::build().payload(lines).message_id(record_id(node, number));
        self.send(self.subject(node), message.expected_last_subject_sequence(last)).await
    }

    /// Publishes the end of a node, unless it has published anything behind this place, its last; 0 is
    /// that of a node of which the stream has nothing.
    pub(super) async fn end(&self, node: Node, last: u64) -> Result<u64, Refused> {
        let message = PublishMessage::build().header(END, "1").message_id(format!("{node}/end"));
        self.send(self.subject(node), message.expected_last_subject_sequence(last)).await
    }

    /// The last record of a node; `None` when the stream has none.
    pub(super) async fn last(&self, node: Node) -> Result<Option<Last>, Refused> {
        let found = self.last_of(&self.subject(node)).await?;
        Ok(found.map(|message| Last {
            place: message.sequence,
            id: message.headers.get(async_nats::header::NATS_MESSAGE_ID).map(|id| id.as_str().to_owned()),
            is_end: message.headers.get(END).is_some(),
        }))
    }

    /// Publishes a state of the room, in parts of a bearable size; behind the one at this place, if
    /// it matters.
    pub(super) async fn publish_state(&self, state: &str, last: Option<u64>) -> Result<(), Refused> {
        let mut places = Vec::new();
        for part in state.as_bytes().chunks(self.most()) {
            let message = PublishMessage::build().payload(Bytes::copy_from_slice(part));
            places.push(self.send(self.part_subject(), message).await?.to_string());
        }
        let index = PublishMessage::build().payload(places.join(" ").into());
        let index = last.into_iter().fold(index, PublishMessage::expected_last_subject_sequence);
        self.send(self.state_subject(), index).await.map(drop)
    }

    /// The last state that was published, and its place, which is 0 when the stream has none. It is
    /// empty too when parts of it are not kept any more.
    pub(super) async fn state(&self) -> Result<(u64, String), Refused> {
        let Some(index) = self.last_of(&self.state_subject()).await? else { return Ok((0, String::new())) };
        let stream = self.stream().await?;
        let mut state = Vec::new();
        for place in String::from_utf8_lossy(&index.payload).split(' ') {
            let place = place.parse().map_err(|_| Refused::Away("a state has no parts".to_owned()))?;
            match stream.get_raw_message(place).await {
                Ok(part) => state.extend_from_slice(&part.payload),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                    return Ok((index.sequence, String::new()));
                }
                Err(error) => return Err(away(error)),
            }
        }
        Ok((index.sequence, String::from_utf8(state).map_err(away)?))
    }

    /// The place of the first record that the stream still has, or will have.
    pub(super) async fn first(&self) -> Result<u64, Refused> {
        let info = self.stream().await?.get_info().await.map_err(away)?;
        Ok(info.state.first_sequence.max(1))
    }

    /// The records from this place on, or from the first behind it that is still there.
    pub(super) async fn read(&self, from: u64) -> Result<pull::Ordered, Refused> {
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            ..pull::OrderedConfig::default()
        };
        let consumer = self.stream().await?.create_consumer(config).await.map_err(away)?;
        consumer.messages().await.map_err(away)
    }

    /// What a message of the stream says.
    pub(super) fn understand(&self, message: &jetstream::Message) -> Option<Message> {
        let place = message.info().ok()?.stream_sequence;
        let node = message.subject.strip_prefix(&format!("charla.{}.node.", self.options.room));
        let what = match node.and_then(|node| node.parse().ok()) {
            Some(node) if message.headers.as_ref().is_some_and(|headers| headers.get(END).is_some()) => What::End(node),
            Some(node) => What::Lines(node, message.payload.clone()),
            None => What::Other,
        };
        Some(Message { place, what })
    }

    async fn send(&self, subject: String, message: PublishMessage) -> Result<u64, Refused> {
        let sent = async { self.context.send_publish(subject, message).await?.await };
        // Where another server of NATS has to take over, it is asked several times within a lease.
        let patience = self.options.beat().clamp(Duration::from_millis(200), Duration::from_secs(1));
        match timeout(patience, sent).await {
            Ok(Ok(stored)) => Ok(stored.sequence),
            Ok(Err(error)) if error.kind() == PublishErrorKind::WrongLastSequence => Err(Refused::WrongPlace),
            Ok(Err(error)) => Err(away(error)),
            Err(_elapsed) => Err(Refused::Away("no acknowledgement".to_owned())),
        }
    }

    async fn last_of(&self, subject: &str) -> Result<Option<jetstream::message::StreamMessage>, Refused> {
        match self.stream().await?.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    async fn stream(&self) -> Result<jetstream::stream::Stream<()>, Refused> {
        self.context.get_stream_no_info(self.name()).await.map_err(away)
    }
}

/// What NATS knows a record by.
pub(super) fn record_id(node: Node, number: u64) -> String {
    format!("{node}/{number}")
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn away<E: ToString>(error: E) -> Refused {
    Refused::Away(error.to_string())
}

/// Connects to one of the servers; while none is there it waits.
async fn connect(options: &JournalOptions) -> Result<Client, JournalError> {
    let servers = options.servers.split(',').map(str::parse::<ServerAddr>).collect::<Result<Vec<_>, _>>();
    let servers = servers.map_err(|error| JournalError::BadServers(error.to_string()))?;
    let credentials = match &options.credentials {
        Some(file) => Some(std::fs::read_to_string(file).map_err(|error| bad_credentials(options, error))?),
        None => None,
    };
    let mut tries = 0;
    loop {
        let connecting = match &credentials {
            Some(text) => ConnectOptions::with_credentials(text).map_err(|error| bad_credentials(options, error))?,
            None => ConnectOptions::new(),
        };
        let error = match set_up(connecting, options).connect(&servers[..]).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        match error.kind() {
            ConnectErrorKind::ServerParse => return Err(JournalError::BadServers(error.to_string())),
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Tls => {
                return Err(JournalError::Refused(error.to_string()));
            }
            _ if tries % REMINDER == 0 => warn!(%error, servers = places(&servers), "waiting for NATS"),
            _ => debug!(%error, "still waiting for NATS"),
        }
        tries += 1;
        sleep(RETRY).await;
    }
}

/// Without the passwords that may stand there.
fn places(servers: &[ServerAddr]) -> String {
    servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect::<Vec<_>>().join(", ")
}

fn bad_credentials(options: &JournalOptions, error: std::io::Error) -> JournalError {
    JournalError::Credentials(options.credentials.clone().unwrap_or_default(), error)
}

/// A connection that is lost is to be noticed, and had again, within the lease.
fn set_up(connecting: ConnectOptions, options: &JournalOptions) -> ConnectOptions {
    let room = options.room.clone();
    connecting
        .name(format!("charla-server, room {room}"))
        .ping_interval(options.beat() / 2)
        .connection_timeout(options.beat().max(Duration::from_millis(200)))
        .reconnect_delay_callback(|tries| if tries <= 1 { Duration::ZERO } else { RETRY / 2 })
        .event_callback(|event| async move {
            match event {
                Event::Connected => info!("connected to NATS"),
                Event::Disconnected => warn!("the connection to NATS is lost; trying to have it again"),
                other => debug!(%other, "NATS"),
            }
        })
}
