//! People who come into the room at one server or another, talk, go and come back, and write down what they hear.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use socket2::SockRef;

use super::history::Step;
use super::record::Record;

/// How many there are.
const PEOPLE: usize = 24;

/// So many of them share their name with somebody else, but for its case.
const SHARING: usize = 4;

/// What one has said and has no receipt of is not more than this, so that a server that does not read never blocks one.
const WAITING: usize = 16;

/// What all in an act know.
pub(super) struct World {
    pub(super) record: Record,
    /// Where each server takes its clients, while it runs.
    doors: Mutex<Vec<Option<SocketAddr>>>,
    seats: Mutex<Vec<Seat>>,
    stage: Mutex<Stage>,
}

/// What people do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Stage {
    /// What they like.
    Loud,
    /// They come back and say one word, and then only listen.
    Quiet,
    /// They leave for good.
    Over,
    /// They drop everything.
    GivenUp,
}

/// Where somebody is.
#[derive(Clone, Default)]
struct Seat {
    /// The name, as it is compared.
    key: String,
    at: At,
}

#[derive(Clone, Default, PartialEq, Eq)]
enum At {
    #[default]
    Away,
    /// On the way in or out.
    Between,
    In {
        /// How many texts have no receipt.
        waiting: usize,
        /// The last of the log that was heard.
        last: String,
    },
}

struct Person<'a> {
    world: &'a World,
    number: usize,
    name: String,
    /// The server at which it was last.
    server: usize,
    rng: Rng,
}

/// A visit while it lasts.
struct Visit<'a, 'b> {
    person: &'a mut Person<'b>,
    stream: TcpStream,
    lines: Lines,
    number: usize,
    standing: Standing,
    said: usize,
    receipts: usize,
    /// The last line of the log.
    last: String,
    acts_next: Instant,
    over: bool,
}

enum Standing {
    /// It was told of these so far.
    AtTheDoor(Vec<String>),
    In,
    /// It did what ends its visit.
    Leaving,
    /// It was told that its visit has ended.
    Dismissed,
}

/// Lines as they come, however late.
struct Lines {
    reader: BufReader<TcpStream>,
    begun: Vec<u8>,
}

enum Heard {
    Line(String),
    Nothing,
    End,
}

impl World {
    pub(super) fn new(servers: usize) -> World {
        World {
            record: Record::new(),
            doors: Mutex::new(vec![None; servers]),
            seats: Mutex::new(
                (0..PEOPLE).map(|number| Seat { key: name(number).to_lowercase(), at: At::Away }).collect(),
            ),
            stage: Mutex::new(Stage::Loud),
        }
    }

    /// One thread for each person.
    pub(super) fn populate<'scope>(&'scope self, scope: &'scope thread::Scope<'scope, '_>, rng: &mut Rng) {
        for number in 0..PEOPLE {
            let person = Person { world: self, number, name: name(number), server: number, rng: rng.fork() };
            scope.spawn(move || person.live());
        }
    }

    pub(super) fn set_door(&self, server: usize, door: Option<SocketAddr>) {
        self.doors.lock().unwrap()[server] = door;
    }

    pub(super) fn set(&self, stage: Stage) {
        *self.stage.lock().unwrap() = stage;
    }

    fn stage(&self) -> Stage {
        *self.stage.lock().unwrap()
    }

    /// Whether all have left.
    pub(super) fn is_empty(&self) -> bool {
        self.seats().iter().all(|seat| seat.at == At::Away)
    }

    /// Whether each name is in the room, nobody waits for anything, and all have heard the same in the end.
    pub(super) fn is_calm(&self) -> bool {
        let seats = self.seats();
        let mut last = None;
        seats.iter().all(|seat| match &seat.at {
            At::Away => has_seat(&seats, &seat.key),
            At::Between => false,
            At::In { waiting, last: heard } => *waiting == 0 && *last.get_or_insert(heard) == heard,
        })
    }

    /// Who is where, for whom it may concern.
    pub(super) fn told(&self) -> String {
        let told = |(number, seat): (usize, &Seat)| {
            let at = match &seat.at {
                At::Away => "away".to_owned(),
                At::Between => "between".to_owned(),
                At::In { waiting, last } => format!("in, {waiting} waiting, last {last:.40?}"),
            };
            format!("{}: {at}\n", name(number))
        };
        self.seats().iter().enumerate().map(told).collect()
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.seats.lock().unwrap()
    }
}

fn name(number: usize) -> String {
    if number < 2 * SHARING && number % 2 == 1 { format!("P{}", number - 1) } else { format!("p{number}") }
}

/// Whether somebody is in under this name.
fn has_seat(seats: &[Seat], key: &str) -> bool {
    seats.iter().any(|seat| seat.key == key && matches!(seat.at, At::In { .. }))
}

impl Person<'_> {
    fn live(mut self) {
        while self.world.stage() < Stage::Over {
            thread::sleep(Duration::from_millis(self.rng.u64(..200)));
            if self.sets_out() {
                if let Some(stream) = self.connect() {
                    Visit::begin(&mut self, stream).last();
                }
                self.is_at(At::Away);
            }
        }
    }

    /// Whether it wants in: while it is quiet, not where the name is in.
    fn sets_out(&self) -> bool {
        let mut seats = self.world.seats();
        let wants_in = match self.world.stage() {
            Stage::Loud => true,
            Stage::Quiet => !has_seat(&seats, &seats[self.number].key),
            Stage::Over | Stage::GivenUp => false,
        };
        if wants_in {
            seats[self.number].at = At::Between;
        }
        wants_in
    }

    /// A connection to the last server, or to another.
    fn connect(&mut self) -> Option<TcpStream> {
        let doors = self.world.doors.lock().unwrap().clone();
        if self.rng.bool() {
            self.server = self.rng.usize(..doors.len());
        }
        self.server %= doors.len();
        TcpStream::connect(doors[self.server]?).ok()
    }

    fn is_at(&self, at: At) {
        self.world.seats()[self.number].at = at;
    }
}

impl<'a, 'b> Visit<'a, 'b> {
    fn begin(person: &'a mut Person<'b>, stream: TcpStream) -> Visit<'a, 'b> {
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let mut visit = Visit {
            number: person.world.record.open(&person.name, person.server),
            person,
            stream,
            lines: Lines { reader, begun: Vec::new() },
            standing: Standing::AtTheDoor(Vec::new()),
            said: 0,
            receipts: 0,
            last: String::new(),
            acts_next: Instant::now(),
            over: false,
        };
        visit.note(Step::Asked);
        visit.send(&format!("NAME {}", visit.person.name));
        visit
    }

    /// Hears and acts, up to the end.
    fn last(mut self) {
        while !self.over && self.person.world.stage() < Stage::GivenUp {
            let now = Instant::now();
            if self.acts_next <= now {
                self.act();
                self.acts_next = now + Duration::from_millis(self.person.rng.u64(20..400));
            }
            if self.over {
                return;
            }
            match self.lines.next(self.acts_next - now) {
                Heard::Line(line) => self.hear(&line),
                Heard::Nothing => {}
                Heard::End => self.end(),
            }
            self.tell_seat();
        }
    }

    fn hear(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (verb, &mut self.standing) {
            (_, Standing::Dismissed) => self.note(Step::Late(line.to_owned())),
            ("BYE", _) => self.dismissed(rest.split(' ').next().unwrap_or_default()),
            ("JOIN", Standing::AtTheDoor(roster)) if rest == self.person.name => {
                let roster = std::mem::take(roster);
                self.welcome(roster);
            }
            ("JOIN", Standing::AtTheDoor(roster)) => roster.push(rest.to_owned()),
            ("JOIN", _) => self.note(Step::Join(rest.to_owned())),
            ("LEAVE", _) => self.note(Step::Leave(rest.to_owned())),
            ("MSG", _) => self.message(rest),
            _ => panic!("{line:?} is no line of a server"),
        }
        line.clone_into(&mut self.last);
    }

    /// It says something at once: what others hear too shows where in the log it came in.
    fn welcome(&mut self, roster: Vec<String>) {
        self.note(Step::Joined(roster));
        self.standing = Standing::In;
        self.say();
    }

    fn message(&mut self, rest: &str) {
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        if name == self.person.name {
            self.receipts += 1;
            self.note(Step::Receipt(text.to_owned()));
        } else {
            self.note(Step::Msg(name.to_owned(), text.to_owned()));
        }
    }

    fn dismissed(&mut self, code: &str) {
        self.note(Step::Bye(code.to_owned()));
        self.standing = Standing::Dismissed;
    }

    fn end(&mut self) {
        if !matches!(self.standing, Standing::Dismissed) {
            self.note(Step::Lost);
        }
        self.over = true;
    }

    fn act(&mut self) {
        let stage = self.person.world.stage();
        if !matches!(self.standing, Standing::In) || stage == Stage::Quiet {
            return;
        }
        match self.person.rng.u8(..100) {
            _ if stage == Stage::Over => self.leave(),
            0..70 if self.said < self.receipts + WAITING => self.say(),
            70..72 => self.leave(),
            72..74 => self.close_half(),
            74..75 => self.reset(),
            _ => {}
        }
    }

    fn say(&mut self) {
        let longest = if self.person.rng.u8(..10) == 0 { 1000 } else { 20 };
        let text = format!("{}-{} {}", self.number, self.said, "x".repeat(self.person.rng.usize(..longest)));
        self.said += 1;
        self.note(Step::Said(text.clone()));
        self.send(&format!("MSG {text}"));
    }

    fn leave(&mut self) {
        self.note(Step::Left);
        self.standing = Standing::Leaving;
        self.send("BYE");
    }

    fn close_half(&mut self) {
        self.note(Step::Left);
        self.standing = Standing::Leaving;
        // Where the connection has broken meanwhile, there is nothing to end.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn reset(&mut self) {
        self.note(Step::End);
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
        self.over = true;
    }

    /// What cannot be sent any more was not heard; the end is seen where it is read.
    fn send(&mut self, line: &str) {
        let _ = self.stream.write_all(format!("{line}\n").as_bytes());
    }

    fn note(&self, step: Step) {
        self.person.world.record.step(self.number, step);
    }

    fn tell_seat(&self) {
        let is_in = matches!(self.standing, Standing::In) && !self.over;
        let (waiting, last) = (self.said.saturating_sub(self.receipts), self.last.clone());
        self.person.is_at(if is_in { At::In { waiting, last } } else { At::Between });
    }
}

impl Lines {
    fn next(&mut self, within: Duration) -> Heard {
        // None would be for ever.
        self.reader.get_ref().set_read_timeout(Some(within.max(Duration::from_millis(1)))).unwrap();
        match self.reader.read_until(b'\n', &mut self.begun) {
            Ok(_) if self.begun.last() == Some(&b'\n') => {
                self.begun.pop();
                Heard::Line(String::from_utf8(std::mem::take(&mut self.begun)).unwrap())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Heard::Nothing,
            _ => Heard::End,
        }
    }
}
