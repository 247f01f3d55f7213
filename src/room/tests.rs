//! The room without I/O, its time moved by hand.

use proptest::prelude::*;

use super::*;

mod figures;
mod journal;

const PATIENCE: Duration = Duration::from_secs(5);

/// A room, its clock, and what each reader has read.
struct Hall {
    room: Room,
    now: Instant,
}

impl Hall {
    fn new() -> Hall {
        Hall {
            room: Room::new(Limits { kept: MIN_KEPT, patience: PATIENCE, confusables: Confusables::Refuse }),
            now: Instant::now(),
        }
    }

    fn join(&mut self, name: &str) -> Reader {
        self.try_join(name).unwrap().0
    }

    fn try_join(&mut self, name: &str) -> Result<(Reader, String), Code> {
        let (reader, roster) = self.room.join(&Name::new(name).unwrap(), peer(), self.now)?;
        Ok((reader, String::from_utf8(roster.concat()).unwrap()))
    }

    fn say(&mut self, reader: Reader, text: &str) {
        self.room.say(reader, Text::new(text).unwrap(), self.now);
    }

    /// Reads all that there is, and where the reader stands then.
    fn read(&mut self, reader: Reader) -> (String, Standing) {
        let mut all = Vec::new();
        loop {
            let mut out = Vec::new();
            let standing = self.room.read(reader, &mut out);
            if out.is_empty() {
                return (String::from_utf8(all).unwrap(), standing);
            }
            let bytes: Vec<u8> = out.concat();
            self.room.advance(reader, bytes.len(), || self.now);
            assert!(!bytes.is_empty() && all.len() <= 2 * MIN_KEPT, "it reads the same for ever");
            all.extend(bytes);
        }
    }

    /// Reads `n` bytes and no more.
    fn sip(&mut self, reader: Reader, n: usize) -> Vec<u8> {
        let mut out = Vec::new();
        self.room.read(reader, &mut out);
        self.room.advance(reader, n, || self.now);
        out.concat()[..n].to_vec()
    }

    /// Lets Ana say texts until the log has just so many bytes.
    fn grow(&mut self, ana: Reader, head: usize) {
        while let missing @ 1.. = head - usize::try_from(self.room.head()).unwrap() {
            let line = if missing > 2000 { 1000 } else { missing.min(1000) };
            self.say(ana, &"x".repeat(line - "MSG Ana \n".len()));
            assert!(self.room.head() > (head - missing) as u64, "it does not grow");
        }
    }

    /// Reads on to this place, for one who joined at the other.
    fn read_up_to(&mut self, reader: Reader, joined: u64, place: u64) {
        let mut left = usize::try_from(place - joined).unwrap();
        while left > 0 {
            left -= self.sip(reader, left.min(1000)).len();
        }
    }

    /// Says long texts until the log is full; this many.
    fn fill(&mut self, reader: Reader) -> usize {
        let text = "x".repeat(1000);
        let mut lines = 0;
        while !self.room.congested() {
            assert!(lines * text.len() <= MIN_KEPT, "it is never full");
            self.say(reader, &text);
            lines += 1;
        }
        lines
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.room.expire(self.now);
    }
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 54321).into()
}

#[test]
fn each_reads_from_its_own_join_and_the_roster_has_the_others() {
    let mut hall = Hall::new();
    let ana = hall.join("Ana");
    hall.say(ana, "sola");
    let (carlos, roster) = hall.try_join("Carlos").unwrap();
    hall.say(carlos, "hola");
    assert_eq!(roster, "JOIN Ana\n");
    assert_eq!(hall.read(ana).0, "JOIN Ana\nMSG Ana sola\nJOIN Carlos\nMSG Carlos hola\n");
    assert_eq!(hall.read(carlos), ("JOIN Carlos\nMSG Carlos hola\n".to_owned(), Standing::Reading));
}

#[test]
fn who_has_left_reads_up_to_its_leave_and_its_name_is_free() {
    let mut hall = Hall::new();
    let (ana, carlos) = (hall.join("Ana"), hall.join("Carlos"));
    assert_eq!(hall.try_join("CARLOS").unwrap_err(), Code::NameTaken);
    hall.room.leave(carlos, hall.now);
    hall.say(carlos, "tarde");
    hall.room.leave(carlos, hall.now);
    let (_, roster) = hall.try_join("CARLOS").unwrap();
    assert_eq!(roster, "JOIN Ana\n");
    assert_eq!(hall.read(carlos), ("JOIN Carlos\n".to_owned(), Standing::Done));
    assert_eq!(hall.read(ana).0, "JOIN Ana\nJOIN Carlos\nLEAVE Carlos\nJOIN CARLOS\n");
}

#[test]
fn a_forgotten_reader_has_left() {
    let mut hall = Hall::new();
    let (ana, carlos) = (hall.join("Ana"), hall.join("Carlos"));
    hall.room.forget(carlos, hall.now);
    assert_eq!(hall.read(ana).0, "JOIN Ana\nJOIN Carlos\nLEAVE Carlos\n");
    assert_eq!(hall.room.participants(), 1);
}

#[test]
fn a_closed_room_ends_for_each_when_it_has_read_all() {
    let mut hall = Hall::new();
    let ana = hall.join("Ana");
    assert!(!hall.room.is_closed());
    hall.room.close();
    assert!(hall.room.is_closed());
    hall.say(ana, "tarde");
    hall.room.leave(ana, hall.now);
    assert_eq!(hall.try_join("Carlos").unwrap_err(), Code::Shutdown);
    assert_eq!(hall.read(ana), ("JOIN Ana\n".to_owned(), Standing::Closed));
}

#[test]
fn nothing_is_kept_that_nobody_will_read() {
    let mut hall = Hall::new();
    let (ana, carlos) = (hall.join("Ana"), hall.join("Carlos"));
    for _ in 0..100 {
        for _ in 0..100 {
            hall.say(ana, "hola");
        }
        hall.read(ana);
        hall.read(carlos);
        assert_eq!(hall.room.kept(), 0);
    }
    hall.room.forget(carlos, hall.now);
    hall.room.forget(ana, hall.now);
    assert_eq!(hall.room.kept(), 0);
}

#[test]
fn a_thousand_longest_lines_are_borne() {
    let mut hall = Hall::new();
    let ana = hall.join(&"n".repeat(32));
    let slow = hall.join("slow");
    for _ in 0..1023 {
        hall.say(ana, &"x".repeat(1024));
        hall.read(ana);
    }
    assert!(!hall.room.congested());
    assert!(hall.room.kept() <= hall.room.half());
    assert_eq!(hall.read(slow).0.lines().count(), 1024);
}

#[test]
fn the_room_waits_for_a_slow_reader_until_it_holds_half() {
    let mut hall = Hall::new();
    let (ana, slow) = (hall.join("Ana"), hall.join("slow"));
    hall.read(ana);
    assert!(hall.room.hears(ana));
    hall.fill(ana);
    hall.read(ana);
    assert!(!hall.room.hears(ana), "what people want to say waits");
    let bound = hall.room.half();
    hall.sip(slow, 1000);
    assert!(hall.room.congested());
    while hall.room.congested() {
        hall.sip(slow, 16 * 1024);
    }
    assert!(hall.room.kept() <= bound);
    assert!(hall.room.hears(ana));
    hall.pass(PATIENCE * 2);
    assert_eq!(hall.read(slow).1, Standing::Reading, "nobody is put out");
}

#[test]
fn a_newcomer_reads_on_where_what_it_joined_behind_is_sealed() {
    let mut log = Log::default();
    let _slow = log.open();
    let mut line = |n: usize| {
        let cursor = log.open();
        log.append(|out| out.extend(std::iter::repeat_n(b'x', n)));
        cursor
    };
    // The second finds no room behind the first, whose block ends before it.
    let cursors = [line(BLOCK - 10), line(20)];
    let mut out = Vec::new();
    log.read(&cursors[1], u64::MAX, &mut out);
    assert_eq!(out.concat().len(), 20);
}

#[test]
fn relief_comes_when_the_slowest_has_read_to_half_and_not_a_block_later() {
    let mut hall = Hall::new();
    let (ana, slow) = (hall.join("Ana"), hall.join("slow"));
    hall.fill(ana);
    hall.read(ana);
    let mut held = hall.room.head() - "JOIN Ana\n".len() as u64;
    while held > hall.room.half() {
        assert!(hall.room.congested(), "{held} bytes are held");
        held -= hall.sip(slow, 1000).len() as u64;
    }
    assert!(!hall.room.congested(), "{held} bytes are held");
}

#[test]
fn the_log_is_full_when_somebody_holds_as_much_as_is_kept() {
    let mut hall = Hall::new();
    let (ana, _slow) = (hall.join("Ana"), hall.join("slow"));
    hall.grow(ana, MIN_KEPT - "MSG Ana x\n".len());
    assert_eq!((hall.room.congested(), hall.room.deadline()), (false, None));
    hall.say(ana, "x");
    assert_eq!((hall.room.congested(), hall.room.deadline()), (true, Some(hall.now + PATIENCE)));
}

/// [SLOW-11]
#[test]
fn who_holds_just_half_is_not_put_out() {
    let mut hall = Hall::new();
    let ana = hall.join("Ana");
    let joined = hall.room.head();
    let (near, slow) = (hall.join("near"), hall.join("slow"));
    hall.grow(ana, MIN_KEPT);
    hall.read(ana);
    hall.read_up_to(near, joined, hall.room.half());
    hall.pass(PATIENCE);
    assert_eq!((hall.read(near).1, hall.read(slow).1), (Standing::Reading, Standing::TooSlow));
    assert_eq!(hall.room.put_out(), 1);
}

/// [SLOW-6]
#[test]
fn what_is_appended_to_a_full_log_does_not_start_the_clock_anew() {
    let mut hall = Hall::new();
    let (ana, slow, guest) = (hall.join("Ana"), hall.join("slow"), hall.join("guest"));
    hall.fill(ana);
    hall.read(ana);
    hall.pass(PATIENCE / 2);
    hall.room.leave(guest, hall.now);
    hall.pass(PATIENCE / 2);
    assert_eq!(hall.read(slow).1, Standing::TooSlow);
}

#[test]
fn an_observer_misses_nothing_while_the_log_is_not_full_or_it_holds_just_half() {
    for (begin, end) in [(0, MIN_KEPT / 4 * 3), (MIN_KEPT / 2, MIN_KEPT)] {
        let mut hall = Hall::new();
        let (ana, _slow) = (hall.join("Ana"), hall.join("slow"));
        hall.grow(ana, begin.max(1000));
        hall.room.observe();
        hall.grow(ana, end);
        hall.read(ana);
        let observed = hall.room.observed().unwrap();
        assert_eq!(observed.left_out, 0);
    }
}

#[test]
fn an_observer_does_not_keep_a_full_room_waiting() {
    let mut hall = Hall::new();
    let (ana, slow) = (hall.join("Ana"), hall.join("slow"));
    // It holds hardly less than half when the log is full.
    let bound = hall.room.half();
    hall.grow(ana, usize::try_from(bound).unwrap() + 2000);
    hall.room.observe();
    hall.fill(ana);
    // `LEAVE`s do not wait, and make it much more than half.
    for n in 0..1000 {
        let guest = hall.join(&format!("{n:0>32}"));
        hall.room.forget(guest, hall.now);
    }
    hall.read(ana);
    hall.read(slow);
    assert!(!hall.room.congested());
}

#[test]
fn when_patience_ends_those_over_half_are_put_out_together_and_nobody_else() {
    let mut hall = Hall::new();
    let (ana, slow, slower) = (hall.join("Ana"), hall.join("slow"), hall.join("slower"));
    let lines = hall.fill(ana);
    hall.read(ana);
    hall.pass(PATIENCE.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(hall.read(ana).0, "");
    hall.pass(Duration::from_millis(1));
    assert_eq!(hall.read(ana), ("LEAVE slow\nLEAVE slower\n".to_owned(), Standing::Reading));
    assert_eq!((hall.read(slow).1, hall.read(slower).1), (Standing::TooSlow, Standing::TooSlow));
    assert!(!hall.room.congested() && hall.room.hears(ana));
    assert!(lines > 1024 && hall.room.put_out() == 2);
    assert_eq!(hall.room.kept(), 0);
}

#[test]
fn a_leaver_that_holds_up_the_room_is_lost() {
    let mut hall = Hall::new();
    let (ana, gone) = (hall.join("Ana"), hall.join("gone"));
    hall.fill(ana);
    hall.room.leave(gone, hall.now);
    hall.read(ana);
    hall.pass(PATIENCE);
    assert_eq!(hall.read(gone).1, Standing::Lost);
    assert_eq!(hall.read(ana).0, "", "its LEAVE came long before");
}

#[test]
fn an_observer_sees_all_and_from_where_people_come() {
    let mut hall = Hall::new();
    hall.room.observe();
    assert!(hall.room.observed().is_none());
    let ana = hall.join("Ana");
    hall.say(ana, "hola");
    hall.room.forget(ana, hall.now);
    let observed = hall.room.observed().unwrap();
    assert_eq!(observed.lines.concat(), b"JOIN Ana\nMSG Ana hola\nLEAVE Ana\n");
    assert_eq!((observed.left_out, observed.peers), (0, vec![Some(peer()), Some(peer())]));
}

#[test]
fn an_observer_never_holds_up_the_room_and_is_told_what_it_missed() {
    let mut hall = Hall::new();
    hall.room.observe();
    let ana = hall.join("Ana");
    let text = "x".repeat(1000);
    let mut said = 0;
    while said < 10_000 {
        said += 1;
        hall.say(ana, &text);
        hall.read(ana);
        assert!(!hall.room.congested());
    }
    let mut seen = 0;
    while let Some(observed) = hall.room.observed().filter(|_| seen <= said) {
        let lines = observed.lines.concat().split(|&b| b == b'\n').count() - 1;
        assert!(lines > 0 || observed.left_out > 0, "it sees nothing for ever");
        seen += observed.left_out + lines as u64;
    }
    assert_eq!(seen, said + 1);
    hall.say(ana, "unseen");
    hall.read(ana);
    hall.room.unobserve();
    assert_eq!(hall.room.kept(), 0);
}

#[test]
fn an_observer_is_told_at_once_that_it_missed_all() {
    let mut hall = Hall::new();
    hall.room.observe();
    let ana = hall.join("Ana");
    hall.grow(ana, MIN_KEPT);
    let observed = hall.room.observed().unwrap();
    assert!(observed.left_out > 1000 && observed.lines.is_empty());
    assert!(hall.room.observed().is_none());
}

#[test]
fn an_observer_that_finds_nothing_new_takes_nothing_from_others() {
    let mut hall = Hall::new();
    hall.room.observe();
    let ana = hall.join("Ana");
    assert!(hall.room.observed().is_some());
    assert!(hall.room.observed().is_none());
    assert_eq!(hall.read(ana).0, "JOIN Ana\n");
}

#[test]
fn an_observer_gets_the_peers_of_the_lines_that_it_gets() {
    let mut log = Log::default();
    let mut observer = Observer::new(&mut log);
    let other = log.open();
    for _ in 0..=MAX_SLICES {
        observer.note(log.head(), Some(peer()));
        // Each line is a piece, when it was read.
        log.append(|out| out.extend(std::iter::repeat_n(b'x', 4096)));
        log.read(&other, u64::MAX, &mut Vec::new());
    }
    let Observed { lines, peers, .. } = observer.read(&mut log).unwrap();
    assert_eq!((lines.len(), peers.len()), (MAX_SLICES, MAX_SLICES));
}

/// What can happen in a room, for any of a few readers.
#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Say(usize, String),
    Leave(usize),
    Forget(usize),
    Read(usize),
    Sip(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..4usize;
    let step = prop_oneof![
        who.clone().prop_map(Step::Join),
        (who.clone(), "[a-z]{1,9}").prop_map(|(who, text)| Step::Say(who, text)),
        who.clone().prop_map(Step::Leave),
        who.clone().prop_map(Step::Forget),
        who.clone().prop_map(Step::Read),
        (who, 1..20usize).prop_map(|(who, n)| Step::Sip(who, n)),
    ];
    proptest::collection::vec(step, 0..120)
}

/// The same room as a student would first write it: a list of lines.
#[derive(Default)]
struct Model {
    log: String,
    present: Vec<String>,
}

/// A reader, and what the model says that it reads.
struct Visit {
    reader: Reader,
    name: String,
    from: usize,
    to: Option<usize>,
    read: String,
}

impl Visit {
    fn due<'a>(&self, model: &'a Model) -> &'a str {
        &model.log[self.from..self.to.unwrap_or(model.log.len())]
    }
}

proptest! {
    /// Whatever happens in whatever order, each reads what a plain list would give it.
    #[test]
    fn every_reader_reads_its_part_of_one_log(steps in steps()) {
        let (mut hall, mut model) = (Hall::new(), Model::default());
        let mut visits: [Option<Visit>; 4] = Default::default();
        for step in steps {
            play(&mut hall, &mut model, &mut visits, step)?;
        }
        for mut visit in visits.into_iter().flatten() {
            visit.read += &hall.read(visit.reader).0;
            prop_assert_eq!(visit.due(&model), &visit.read);
        }
    }
}

fn play(hall: &mut Hall, model: &mut Model, visits: &mut [Option<Visit>; 4], step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Join(who) if visits[who].is_none() => {
            let name = format!("n{who}");
            let joined = hall.try_join(&name);
            prop_assert_eq!(joined.is_err(), model.present.contains(&name));
            if let Ok((reader, roster)) = joined {
                let lines: String = model.present.iter().map(|name| format!("JOIN {name}\n")).collect();
                prop_assert_eq!(roster, lines);
                visits[who] =
                    Some(Visit { reader, name: name.clone(), from: model.log.len(), to: None, read: String::new() });
                model.log += &format!("JOIN {name}\n");
                model.present.push(name);
            }
        }
        Step::Say(who, text) => {
            if let Some(Visit { reader, name, to: None, .. }) = &visits[who] {
                hall.say(*reader, &text);
                model.log += &format!("MSG {name} {text}\n");
            }
        }
        Step::Leave(who) | Step::Forget(who) => {
            if let Some(visit) = &mut visits[who] {
                hall.room.leave(visit.reader, hall.now);
                leave(model, visit);
            }
            if let (Step::Forget(_), Some(visit)) = (step, visits[who].take()) {
                hall.room.forget(visit.reader, hall.now);
            }
        }
        Step::Read(who) => {
            if let Some(visit) = &mut visits[who] {
                visit.read += &hall.read(visit.reader).0;
                prop_assert_eq!(visit.due(model), &visit.read);
            }
        }
        Step::Sip(who, n) => {
            if let Some(visit) = &mut visits[who] {
                let n = n.min(visit.due(model).len() - visit.read.len());
                visit.read += str::from_utf8(&hall.sip(visit.reader, n)).unwrap();
            }
        }
        Step::Join(_) => {}
    }
    Ok(())
}

fn leave(model: &mut Model, visit: &mut Visit) {
    if visit.to.is_none() {
        visit.to = Some(model.log.len());
        model.log += &format!("LEAVE {}\n", visit.name);
        model.present.retain(|name| *name != visit.name);
    }
}
