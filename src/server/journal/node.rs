//! One node, from its first record to the loss of its journal.

use std::cmp::Ordering;
use std::fmt;
use std::sync::atomic::{self, AtomicU64};
use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tracing::{debug, info};

use super::super::hub::Hub;
use super::stream::{self, Message, Refused, Stream, What};
use super::{JournalOptions, RETRY};
use crate::room::{Node, Record, Room};

/// How long a state is good before another is published, for each [`LARGE`] part of it.
const STATE: Duration = Duration::from_secs(30);

/// In bytes.
const LARGE: usize = 1024 * 1024;

/// How long to wait before a record is published once more.
const AGAIN: Duration = Duration::from_millis(50);

/// Why a node has ended.
#[derive(Debug)]
pub(super) enum Lost {
    /// It could not say in time that it lives.
    Lease(String),
    /// The others have held it for dead.
    Ended,
    /// What it has not read yet is not kept any more.
    Gap,
    /// NATS takes its records, and gives it none.
    Deaf,
    /// It could not begin.
    NotBegun(String),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Lease(reason) => write!(f, "NATS did not take our sign of life in time ({reason})"),
            Lost::Ended => f.write_str("the other nodes held this one for dead"),
            Lost::Gap => f.write_str("this node was so slow that the stream has not kept what it still had to read"),
            Lost::Deaf => f.write_str("NATS gives us nothing of the stream"),
            Lost::NotBegun(reason) => write!(f, "cannot begin ({reason})"),
        }
    }
}

impl From<Refused> for Lost {
    fn from(refused: Refused) -> Lost {
        match refused {
            Refused::WrongPlace => Lost::Ended,
            Refused::Away(reason) => Lost::NotBegun(reason),
        }
    }
}

/// Serves the room as this node until the journal is lost.
pub(super) async fn serve(stream: &Stream, hub: &Hub, node: Node) -> Lost {
    let next = match begin(stream, hub, node).await {
        Ok(next) => next,
        Err(lost) => return lost,
    };
    let read = AtomicU64::new(0);
    let mut writer = Writer { stream, hub, node, number: 0, last: 0, renewed: Instant::now() };
    let mut reader = Reader { stream, hub, next, is_open: false, read: &read };
    let mut keeper = Keeper { stream, hub, read: &read, published: None };
    tokio::select! {
        biased;
        lost = writer.write() => lost,
        lost = reader.read() => lost,
        lost = keeper.keep() => lost,
    }
}

/// Begins with the last state that was published; gives the place of what is to be read next.
async fn begin(stream: &Stream, hub: &Hub, node: Node) -> Result<u64, Lost> {
    stream.make().await.map_err(|error| Lost::NotBegun(error.to_string()))?.map_err(Lost::NotBegun)?;
    let patience = Instant::now() + stream.options.lease;
    loop {
        let ((last, state), first) = (stream.state().await?, stream.first().await?);
        let next = hub.change(|room| room.begin(node, &state)).map_err(|error| Lost::NotBegun(error.to_string()))?;
        if next >= first {
            return Ok(next);
        }
        if Instant::now() < patience {
            sleep(RETRY).await;
        } else {
            // What followed that state is not kept any more, and nobody has published another: so
            // nobody lives. One of those who begin says so, and all begin there.
            let empty = Room::nobody(first - 1);
            if let Err(Refused::Away(reason)) = stream.publish_state(&empty, Some(last)).await {
                return Err(Lost::NotBegun(reason));
            }
        }
    }
}

/// Publishes what people ask for, and that the node lives.
struct Writer<'a> {
    stream: &'a Stream,
    hub: &'a Hub,
    node: Node,
    /// Of the last record.
    number: u64,
    /// The place of the last record.
    last: u64,
    /// When the last record that NATS has was begun: the lease runs from there.
    renewed: Instant,
}

impl Writer<'_> {
    async fn write(&mut self) -> Lost {
        let period = self.stream.options.beat();
        // A node begins with a sign of life.
        if let Err(lost) = self.publish(Bytes::new()).await {
            return lost;
        }
        let mut next_beat = Instant::now() + period;
        loop {
            let lines = tokio::select! {
                biased;
                () = sleep_until(next_beat) => Bytes::new(),
                lines = self.outgoing() => lines,
            };
            let is_beat = lines.is_empty();
            if let Err(lost) = self.publish(lines).await {
                return lost;
            }
            if is_beat {
                // From when NATS has it, so that the others can count on so much time between two.
                next_beat = Instant::now() + period;
            }
        }
    }

    /// What is to be published next, when there is anything.
    async fn outgoing(&self) -> Bytes {
        while !self.hub.ask(Room::has_outgoing) {
            self.hub.outgoing.notified().await;
        }
        self.hub.change(|room| room.outgoing(self.stream.most()))
    }

    /// Publishes one record, unless the lease ends before NATS has it.
    async fn publish(&mut self, lines: Bytes) -> Result<(), Lost> {
        // Before the others may take over.
        let end = self.renewed + self.stream.options.lease * 2 / 3;
        let mut reason = "no answer".to_owned();
        self.number += 1;
        timeout_at(end, self.insist(lines, &mut reason)).await.unwrap_or(Err(Lost::Lease(reason)))
    }

    async fn insist(&mut self, lines: Bytes, reason: &mut String) -> Result<(), Lost> {
        let begun = Instant::now();
        loop {
            let place = match self.stream.publish(self.node, self.number, self.last, lines.clone()).await {
                Ok(place) => Some(place),
                Err(Refused::WrongPlace) => self.stored().await?,
                Err(Refused::Away(why)) => {
                    debug!(%why, "published once more");
                    *reason = why;
                    None
                }
            };
            if let Some(place) = place {
                (self.last, self.renewed) = (place, begun);
                return Ok(());
            }
            sleep(AGAIN).await;
        }
    }

    /// NATS says that another record stands where this one was to: it may be this one, whose
    /// acknowledgement was lost. Gives its place, or `None` where that cannot be told now.
    async fn stored(&mut self) -> Result<Option<u64>, Lost> {
        match self.stream.last(self.node).await {
            Ok(Some(last)) if last.id == Some(stream::record_id(self.node, self.number)) => Ok(Some(last.place)),
            // It is our end, to which the reader comes: our people are to read all before it.
            Ok(Some(_)) => Ok(None),
            // The stream is so short that it has dropped our last one.
            Ok(None) => {
                self.last = 0;
                Ok(None)
            }
            Err(_away) => Ok(None),
        }
    }
}

/// Copies the stream into the room.
struct Reader<'a> {
    stream: &'a Stream,
    hub: &'a Hub,
    /// The place of the next record.
    next: u64,
    is_open: bool,
    /// How many bytes were read.
    read: &'a AtomicU64,
}

impl Reader<'_> {
    async fn read(&mut self) -> Lost {
        // Our own signs of life come back more often.
        let silence = self.stream.options.beat() * 5 / 3;
        let mut heard = Instant::now();
        while heard.elapsed() < self.stream.options.lease {
            match self.stream.read(self.next).await {
                Ok(mut messages) => {
                    while let Ok(Some(Ok(message))) = timeout(silence, messages.next()).await {
                        if let Err(lost) = self.take(&message).await {
                            return lost;
                        }
                        heard = Instant::now();
                    }
                    debug!(next = self.next, "the stream fell silent; asked for anew");
                }
                Err(refused) => {
                    debug!(?refused, "cannot read the stream yet");
                    sleep(AGAIN).await;
                }
            }
        }
        Lost::Deaf
    }

    async fn take(&mut self, message: &jetstream::Message) -> Result<(), Lost> {
        let Some(Message { place, what }) = self.stream.understand(message) else { return Ok(()) };
        match place.cmp(&self.next) {
            // Once more.
            Ordering::Less => return Ok(()),
            Ordering::Equal => {}
            Ordering::Greater => return Err(Lost::Gap),
        }
        self.next += 1;
        self.read.fetch_add(message.length as u64, atomic::Ordering::Relaxed);
        while self.hub.deadline().is_some() {
            self.hub.relief.notified().await;
        }
        match what {
            What::Lines(node, lines) => self.hub.apply(place, node, Record::Lines(&lines)),
            What::End(node) => self.hub.apply(place, node, Record::End),
            What::Other => {}
        }
        let was_open = std::mem::replace(&mut self.is_open, self.hub.ask(Room::is_open));
        if was_open && !self.is_open { Err(Lost::Ended) } else { Ok(()) }
    }
}

/// Ends nodes that are silent, and publishes the state for newcomers.
struct Keeper<'a> {
    stream: &'a Stream,
    hub: &'a Hub,
    read: &'a AtomicU64,
    /// When the last state was published, its length, and how much had been read then.
    published: Option<(Instant, usize, u64)>,
}

impl Keeper<'_> {
    async fn keep(&mut self) -> Lost {
        loop {
            sleep(self.stream.options.beat()).await;
            for (node, last) in self.hub.ask(|room| room.silent(self.stream.options.beats())) {
                info!(%node, "is silent, and is to be ended");
                self.end(node, last).await;
            }
            if self.hub.ask(Room::is_first) && self.is_state_due() {
                self.publish_state().await;
            }
        }
    }

    /// Ends a node, if nothing of it has come since. Else, or if NATS is away, it is tried again if
    /// the node is still silent then.
    async fn end(&self, node: Node, last: u64) {
        let mut ended = self.stream.end(node, last).await;
        if let (Err(Refused::WrongPlace), Ok(None)) = (&ended, self.stream.last(node).await) {
            ended = self.stream.end(node, 0).await;
        }
        if let Err(refused) = ended {
            debug!(%node, ?refused, "not ended");
        }
    }

    /// Long before the stream may drop what follows the last.
    fn is_state_due(&self) -> bool {
        let JournalOptions { max_bytes, max_age, .. } = self.stream.options;
        self.published.is_none_or(|(when, length, read)| {
            // A large one less often.
            let good = STATE * u32::try_from(1 + length / LARGE).unwrap_or(u32::MAX);
            when.elapsed() >= good.min(max_age / 4) || self.read.load(atomic::Ordering::Relaxed) - read >= max_bytes / 8
        })
    }

    async fn publish_state(&mut self) {
        let state = self.hub.ask(Room::state);
        let read = self.read.load(atomic::Ordering::Relaxed);
        match self.stream.publish_state(&state, None).await {
            Ok(()) => self.published = Some((Instant::now(), state.len(), read)),
            Err(refused) => debug!(?refused, "the state is not published yet"),
        }
    }
}
