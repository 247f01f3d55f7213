//! One who takes part: joins, hears everything, perhaps speaks, and leaves.

use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::room::{Room, add};
use super::tally::Tally;
use super::text::Id;
use super::{Plan, Target};
use crate::client::{Client, Ending, JoinError, News, Stream};
use crate::proto::Name;

/// How long the server may take to let one in.
const JOINING: Duration = Duration::from_secs(20);

/// How long it may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(5);

/// What became of a participant.
pub(super) struct Part {
    pub(super) tally: Tally,
    pub(super) end: End,
    /// What it said and has no receipt for.
    pub(super) unreceipted: usize,
}

pub(super) enum End {
    /// It was not let in, with this code, or for this reason.
    Refused(String),
    /// It was in, and its connection ended before it wanted to leave.
    PutOut(String),
    /// It stayed to the end.
    Stayed,
}

struct Participant {
    room: Rc<Room>,
    client: Client<Stream>,
    tally: Tally,
    speaker: Option<Speaker>,
}

struct Speaker {
    next: Id,
    bell: Arc<Notify>,
}

/// The life of the participant of this number; the first ones are the senders.
pub(super) async fn take_part(room: Rc<Room>, plan: Rc<Plan>, number: usize) -> Part {
    let joined = {
        let _permit = room.door.acquire().await;
        timeout(JOINING, join(&room, &plan, number)).await.unwrap_or_else(|_| Err("no-answer".to_owned()))
    };
    room.tried.set(room.tried.get() + 1);
    let tally = Tally::new(room.bells.len());
    match joined {
        Ok(client) => {
            let bell = room.bells.get(number).cloned();
            let speaker = bell.map(|bell| Speaker { next: Id { sender: number, number: 0 }, bell });
            Participant { room, client, tally, speaker }.stay().await
        }
        Err(reason) => Part { tally, end: End::Refused(reason), unreceipted: 0 },
    }
}

async fn join(room: &Room, plan: &Plan, number: usize) -> Result<Client<Stream>, String> {
    let name = Name::new(&room.mark.name(number)).map_err(|error| error.to_string())?;
    let server = plan.servers.get(number % plan.servers.len().max(1)).ok_or("no server")?;
    let stream = connect(server).await.map_err(|error| error.to_string())?;
    let mut client = Client::join(stream, name);
    while !client.is_in() {
        client.hear(|_| ()).await.map_err(|ending| reason(&ending))?;
    }
    Ok(client)
}

pub(super) async fn connect(server: &Target) -> Result<Stream, JoinError> {
    let stream = TcpStream::connect(server.address).await.map_err(JoinError::Unreachable)?;
    stream.set_nodelay(true).map_err(JoinError::Unreachable)?;
    Stream::over(stream, server.host.as_ref()).await
}

impl Participant {
    async fn stay(mut self) -> Part {
        add(&self.room.present, 1);
        let end = if let Some(ending) = self.take_turns().await {
            self.room.present.set(self.room.present.get() - 1);
            self.room.heard.set(self.room.heard.get() - self.tally.heard);
            self.room.ring();
            End::PutOut(reason(&ending))
        } else {
            // What still comes came too late to count; and a server that does not answer is
            // no matter of the load.
            let _ = timeout(FAREWELL, self.client.close()).await;
            End::Stayed
        };
        Part { tally: self.tally, end, unreceipted: self.client.waiting() }
    }

    /// Hears and speaks, until all leave, which is `None`, or the connection ends.
    async fn take_turns(&mut self) -> Option<Ending> {
        let room = Rc::clone(&self.room);
        let mut leave = pin!(room.leave.notified());
        loop {
            self.speak();
            let heard_before = self.tally.heard;
            let mut reading = room.reading();
            let Participant { client, tally, speaker, .. } = &mut *self;
            tokio::select! {
                biased;
                told = client.hear(|news| match news {
                    News::Msg { text, .. } | News::Receipt { text, .. } => reading.hear(text, tally),
                    News::Join(_) | News::Leave(_) => reading.see_move(),
                }) => {
                    reading.end(tally.heard - heard_before);
                    if let Err(ending) = told {
                        return Some(ending);
                    }
                }
                () = rung(speaker.as_ref()) => {}
                () = &mut leave => return None,
            }
        }
    }

    /// Says what is due.
    fn speak(&mut self) {
        let (Some(speaker), Some(now)) = (&mut self.speaker, self.room.elapsed()) else { return };
        while let Some(due) = self.room.due(speaker.next, now) {
            let text = self.room.mark.text(speaker.next, self.room.size);
            if self.client.say(&text).is_err() {
                return;
            }
            self.room.say(speaker.next, due, now);
            speaker.next.number += 1;
        }
    }
}

async fn rung(speaker: Option<&Speaker>) {
    match speaker {
        Some(speaker) => speaker.bell.notified().await,
        None => pending().await,
    }
}

/// Why a connection ended, in a word: the code of the `BYE`, or what there was in its place.
fn reason(ending: &Ending) -> String {
    match ending {
        Ending::Bye(farewell) => farewell.code.clone(),
        Ending::EndOfStream => "end-of-stream".to_owned(),
        Ending::Broken(kind) => kind.to_string(),
        Ending::Tls(refusal) => refusal.to_string(),
    }
}
