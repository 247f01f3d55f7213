//! Several rooms that share a journal, without I/O.

use super::*;

/// Nodes that share a room, and their journal.
struct Cluster {
    records: Vec<(Node, Option<Vec<u8>>)>,
    nodes: Vec<Member>,
    now: Instant,
}

struct Member {
    node: Node,
    room: Room,
    /// How many records it has applied.
    read: usize,
}

impl Cluster {
    fn of(count: u64) -> Cluster {
        let mut cluster = Cluster { records: Vec::new(), nodes: Vec::new(), now: Instant::now() };
        (1..=count).for_each(|number| cluster.start(Node(number), ""));
        cluster.settle();
        cluster
    }

    /// A node that begins with this state, and says that it lives.
    fn start(&mut self, node: Node, state: &str) {
        let mut room = Room::new(Limits { kept: MIN_KEPT, patience: PATIENCE, confusables: Confusables::Refuse });
        assert!(!room.is_shared());
        room.share();
        assert!(room.is_shared() && !room.is_open());
        let next = room.begin(node, state).unwrap();
        self.nodes.push(Member { node, room, read: usize::try_from(next).unwrap() - 1 });
        self.records.push((node, Some(Vec::new())));
    }

    fn ask(&mut self, at: usize, name: &str) -> Reader {
        self.nodes[at].room.ask_to_join(&Name::new(name).unwrap(), peer()).unwrap()
    }

    fn join(&mut self, at: usize, name: &str) -> Reader {
        let reader = self.ask(at, name);
        self.settle();
        self.nodes[at].room.answer(reader).unwrap().unwrap();
        reader
    }

    fn say(&mut self, at: usize, reader: Reader, text: &str) {
        self.nodes[at].room.say(reader, Text::new(text).unwrap(), self.now);
    }

    /// What this node has to say stands in the journal.
    fn publish(&mut self, at: usize) {
        let Member { node, room, .. } = &mut self.nodes[at];
        let lines = room.outgoing(usize::MAX);
        if !lines.is_empty() {
            self.records.push((*node, Some(lines.to_vec())));
        }
    }

    /// This node applies the next record.
    fn apply(&mut self, at: usize) -> bool {
        let member = &mut self.nodes[at];
        let Some((node, record)) = self.records.get(member.read) else { return false };
        member.read += 1;
        let record = record.as_deref().map_or(Record::End, Record::Lines);
        member.room.apply(member.read as u64, *node, record, self.now);
        true
    }

    /// All is published, and applied by all.
    fn settle(&mut self) {
        for at in 0..self.nodes.len() {
            self.publish(at);
        }
        for at in 0..self.nodes.len() {
            while self.apply(at) {}
        }
        if self.nodes.iter().any(|member| member.room.has_outgoing()) {
            self.settle();
        }
    }

    fn beat(&mut self, at: usize) {
        self.records.push((self.nodes[at].node, Some(Vec::new())));
        self.settle();
    }

    fn end(&mut self, node: Node) {
        self.records.push((node, None));
        self.settle();
    }

    fn read(&mut self, at: usize, reader: Reader) -> (String, Standing) {
        let (room, mut all) = (&mut self.nodes[at].room, Vec::new());
        loop {
            let mut out = Vec::new();
            let standing = room.read(reader, &mut out);
            if out.is_empty() {
                return (String::from_utf8(all).unwrap(), standing);
            }
            let bytes = out.concat();
            room.advance(reader, bytes.len(), || self.now);
            assert!(!bytes.is_empty() && all.len() <= MIN_KEPT, "it reads the same for ever");
            all.extend(bytes);
        }
    }

    fn lines(&mut self, at: usize, reader: Reader) -> String {
        let (lines, standing) = self.read(at, reader);
        assert_eq!(standing, Standing::Reading);
        lines
    }
}

#[test]
fn what_is_said_on_one_node_is_read_on_all_in_one_order() {
    let mut cluster = Cluster::of(3);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(1, "Bea"));
    cluster.say(0, ana, "uno");
    cluster.say(1, bea, "dos");
    cluster.publish(1);
    cluster.settle();
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\nJOIN Bea\nMSG Bea dos\nMSG Ana uno\n");
    assert_eq!(cluster.lines(1, bea), "JOIN Bea\nMSG Bea dos\nMSG Ana uno\n");
    // What is summed up over the nodes counts each once.
    let figures: Vec<_> = cluster.nodes.iter().map(|member| member.room.figures()).collect();
    let count = |of: fn(&Figures) -> u64| figures.iter().map(of).collect::<Vec<_>>();
    assert_eq!(count(|figures| figures.messages), [1, 1, 0]);
    assert_eq!(count(|figures| figures.joins), [1, 1, 0]);
    assert_eq!(count(|figures| figures.participants as u64), [1, 1, 0]);
    assert_eq!(count(|figures| figures.nodes as u64), [3, 3, 3]);
}

#[test]
fn nothing_has_happened_before_the_journal_has_it() {
    let mut cluster = Cluster::of(2);
    let ana = cluster.ask(0, "Ana");
    assert!(cluster.nodes[0].room.answer(ana).is_none());
    assert_eq!((cluster.nodes[0].room.participants(), cluster.nodes[0].room.answered()), (0, 0));
    cluster.settle();
    assert_eq!((cluster.nodes[0].room.participants(), cluster.nodes[0].room.answered()), (1, 1));
    assert!(cluster.nodes[0].room.answer(ana).unwrap().unwrap().is_empty());
    assert!(cluster.nodes[0].room.answer(ana).is_none(), "it is told once");
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\n");
    cluster.say(0, ana, "hola");
    assert_eq!(cluster.lines(0, ana), "");
    assert!(!cluster.nodes[0].room.hears(ana), "it is not heard before it has its receipt");
    cluster.settle();
    assert!(!cluster.nodes[0].room.hears(ana));
    assert_eq!(cluster.lines(0, ana), "MSG Ana hola\n");
    assert!(cluster.nodes[0].room.hears(ana));
}

/// [NAME-7], [NAME-10]
#[test]
fn of_two_who_ask_for_a_name_the_first_in_the_journal_gets_it() {
    for (one, other) in [("Ana", "ANA"), ("Luis", "Iuis")] {
        let mut cluster = Cluster::of(2);
        let (first, second) = (cluster.ask(0, one), cluster.ask(1, other));
        cluster.publish(1);
        cluster.settle();
        assert_eq!(cluster.nodes[0].room.answer(first), Some(Err(Code::NameTaken)));
        assert_eq!(cluster.nodes[1].room.answer(second), Some(Ok(Vec::new())));
        let (now, room) = (cluster.now, &mut cluster.nodes[0].room);
        assert_eq!(room.read(first, &mut Vec::new()), Standing::Lost);
        room.forget(first, now);
        assert_eq!(cluster.nodes.iter().map(|member| member.room.participants()).max(), Some(1));
    }
}

/// [ROOM-2]
#[test]
fn a_newcomer_gets_the_roster_of_its_place_in_the_journal() {
    let mut cluster = Cluster::of(2);
    let ana = cluster.join(0, "Ana");
    cluster.join(1, "Bea");
    let eva = cluster.ask(1, "Eva");
    cluster.nodes[0].room.leave(ana, cluster.now);
    cluster.publish(1);
    cluster.settle();
    let roster = cluster.nodes[1].room.answer(eva).unwrap().unwrap().concat();
    assert_eq!(roster, b"JOIN Ana\nJOIN Bea\n");
    assert_eq!(cluster.lines(1, eva), "JOIN Eva\nLEAVE Ana\n");
}

/// [LEAVE-4]
#[test]
fn who_leaves_reads_up_to_the_place_of_its_leave() {
    let mut cluster = Cluster::of(2);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(1, "Bea"));
    cluster.say(0, ana, "uno");
    cluster.nodes[0].room.leave(ana, cluster.now);
    cluster.say(0, ana, "nothing comes of this");
    cluster.nodes[0].room.leave(ana, cluster.now);
    cluster.say(1, bea, "dos");
    cluster.publish(1);
    cluster.settle();
    let read = "JOIN Ana\nJOIN Bea\nMSG Bea dos\nMSG Ana uno\n".to_owned();
    assert_eq!(cluster.read(0, ana), (read, Standing::Done));
    assert_eq!(cluster.lines(1, bea), "JOIN Bea\nMSG Bea dos\nMSG Ana uno\nLEAVE Ana\n");
}

#[test]
fn whose_connection_goes_while_it_asks_to_join_leaves_again() {
    let mut cluster = Cluster::of(2);
    let bea = cluster.join(1, "Bea");
    let ana = cluster.ask(0, "Ana");
    cluster.nodes[0].room.forget(ana, cluster.now);
    cluster.settle();
    assert_eq!(cluster.lines(1, bea), "JOIN Bea\nJOIN Ana\nLEAVE Ana\n");
    assert_eq!(cluster.nodes[0].room.readers.len(), 0, "nothing of it is kept");
    let refused = cluster.ask(0, "Bea");
    cluster.nodes[0].room.forget(refused, cluster.now);
    cluster.settle();
    assert_eq!(cluster.nodes[0].room.readers.len(), 0);
    let refused = cluster.ask(0, "Bea");
    cluster.settle();
    cluster.nodes[0].room.forget(refused, cluster.now);
    let next = cluster.ask(0, "Eva");
    assert!(cluster.nodes[0].room.answer(next).is_none(), "the answer was another's");
}

/// [SLOW-10]
#[test]
fn who_is_too_slow_on_one_node_leaves_on_all() {
    let mut cluster = Cluster::of(2);
    let (slow, bea) = (cluster.join(0, "Luz"), cluster.join(1, "Bea"));
    let text = "x".repeat(1000);
    while cluster.nodes[0].room.deadline().is_none() {
        cluster.say(1, bea, &text);
        cluster.settle();
        cluster.read(1, bea);
        assert!(cluster.nodes[0].room.head() <= 2 * MIN_KEPT as u64, "it is never full");
    }
    cluster.now += PATIENCE;
    let now = cluster.now;
    cluster.nodes[0].room.expire(now);
    cluster.settle();
    assert_eq!(cluster.read(0, slow).1, Standing::TooSlow);
    assert_eq!(cluster.lines(1, bea), "LEAVE Luz\n");
    cluster.nodes[0].room.forget(slow, now);
    assert_eq!(cluster.nodes[0].room.readers.len(), 0);
}

#[test]
fn a_node_that_is_silent_for_so_many_beats_is_told_with_its_last_place() {
    let mut cluster = Cluster::of(2);
    cluster.join(1, "Bea");
    for beats in 1..=3 {
        assert_eq!(cluster.nodes[0].room.silent(beats), [], "{beats}");
        cluster.beat(0);
        assert_eq!(cluster.nodes[0].room.silent(beats), [(Node(2), 3)]);
    }
    assert_eq!(cluster.nodes[1].room.silent(1), [], "who beats is not silent");
    cluster.beat(1);
    assert_eq!(cluster.nodes[0].room.silent(1), []);
}

#[test]
fn the_people_of_an_ended_node_leave_once_in_the_order_they_joined() {
    let mut cluster = Cluster::of(3);
    let ana = cluster.join(0, "Ana");
    let (zoe, bea) = (cluster.join(1, "Zoe"), cluster.join(1, "Bea"));
    cluster.say(1, zoe, "this was not published in time");
    cluster.nodes[1].room.outgoing(usize::MAX);
    cluster.end(Node(2));
    assert_eq!(cluster.nodes[1].room.put_out(), 2);
    cluster.records.push((Node(2), Some(b"JOIN Late\n".to_vec())));
    cluster.settle();
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\nJOIN Zoe\nJOIN Bea\nLEAVE Zoe\nLEAVE Bea\n");
    // What Zoe said may have been published, for all she can know.
    for (reader, ends) in [(zoe, Standing::Lost), (bea, Standing::Closed)] {
        let (lines, standing) = cluster.read(1, reader);
        assert_eq!(standing, ends, "{lines}");
        assert!(!lines.contains("LEAVE"), "{lines}");
    }
    assert!(!cluster.nodes[1].room.is_open());
    assert_eq!(cluster.nodes[2].room.silent(0).len(), 2);
    assert_eq!(cluster.nodes[2].room.nodes(), 2);
    cluster.join(2, "Zoe");
}

/// Nobody knows whether it was said, and a `BYE` would say that it was not.
#[test]
fn who_is_cut_off_while_a_line_is_on_its_way_gets_no_bye() {
    let mut cluster = Cluster::of(1);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(0, "Bea"));
    cluster.say(0, ana, "on its way");
    cluster.nodes[0].room.close();
    assert_eq!((cluster.read(0, ana).1, cluster.read(0, bea).1), (Standing::Lost, Standing::Closed));
}

#[test]
fn who_asked_to_join_before_the_journal_was_lost_joins_after_it() {
    let mut cluster = Cluster::of(2);
    let ana = cluster.join(0, "Ana");
    let (eva, gone) = (cluster.ask(0, "Eva"), cluster.ask(0, "Leo"));
    cluster.nodes[0].room.put_all_out();
    cluster.nodes[0].room.forget(gone, cluster.now);
    assert_eq!(cluster.read(0, ana), ("JOIN Ana\n".to_owned(), Standing::Closed));
    cluster.end(Node(1));
    let state = cluster.nodes[1].room.state();
    cluster.nodes[0].room.begin(Node(9), &state).unwrap();
    cluster.nodes[0].node = Node(9);
    cluster.beat(0);
    assert!(cluster.nodes[0].room.answer(eva).unwrap().unwrap().is_empty());
    assert_eq!(cluster.lines(0, eva), "JOIN Eva\n");
    assert_eq!(cluster.nodes[1].room.participants(), 1);
}

/// [LEAVE-9]: a `BYE` would say that it was not said.
#[test]
fn whose_line_is_on_its_way_when_it_is_cut_off_is_told_nothing_of_it() {
    let mut cluster = Cluster::of(1);
    let (ana, bea, eva) = (cluster.join(0, "Ana"), cluster.join(0, "Bea"), cluster.join(0, "Eva"));
    cluster.say(0, ana, "hola");
    cluster.nodes[0].room.leave(bea, cluster.now);
    cluster.nodes[0].room.put_all_out();
    let standings = [ana, bea, eva].map(|reader| cluster.read(0, reader).1);
    assert_eq!(standings, [Standing::Lost, Standing::Lost, Standing::Closed]);
}

/// [LEAVE-9]
#[test]
fn a_room_that_is_to_be_closed_waits_for_what_is_on_its_way() {
    let mut cluster = Cluster::of(1);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(0, "Bea"));
    cluster.read(0, bea);
    cluster.say(0, ana, "hola");
    assert!(cluster.nodes[0].room.hears(bea));
    assert!(!cluster.nodes[0].room.is_hushed());
    cluster.nodes[0].room.hush();
    assert!(cluster.nodes[0].room.is_hushed());
    assert!(!cluster.nodes[0].room.hears(bea), "nobody is heard any more");
    assert!(!cluster.nodes[0].room.is_settled());
    cluster.settle();
    assert!(cluster.nodes[0].room.is_settled());
    cluster.nodes[0].room.close();
    let (lines, standing) = cluster.read(0, ana);
    assert!(lines.ends_with("MSG Ana hola\n") && standing == Standing::Closed, "{lines}");
}

#[test]
fn a_new_node_begins_with_the_state_that_another_has_told() {
    let mut cluster = Cluster::of(2);
    for name in ["Zoe", "Ana", "ñu"] {
        cluster.join(0, name);
    }
    let bea = cluster.join(1, "Bea");
    let (state, told) = (cluster.nodes[1].room.state(), cluster.records.len());
    cluster.nodes[1].room.leave(bea, cluster.now);
    cluster.settle();
    cluster.start(Node(7), &state);
    assert_eq!(cluster.nodes[2].read, told);
    let eva = cluster.ask(2, "Eva");
    cluster.settle();
    let roster = cluster.nodes[2].room.answer(eva).unwrap().unwrap().concat();
    assert_eq!(String::from_utf8(roster).unwrap(), "JOIN Zoe\nJOIN Ana\nJOIN ñu\n");
    assert_eq!(cluster.nodes[2].room.state(), cluster.nodes[0].room.state());
    assert!(cluster.nodes[0].room.is_first() && !cluster.nodes[2].room.is_first());
}

#[test]
fn a_node_shows_nothing_of_what_was_before_it() {
    let mut cluster = Cluster::of(1);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(0, "Bea"));
    cluster.say(0, ana, "before");
    cluster.nodes[0].room.leave(bea, cluster.now);
    cluster.settle();
    cluster.start(Node(7), "");
    cluster.settle();
    assert_eq!((cluster.nodes[1].room.head(), cluster.nodes[1].room.participants()), (0, 1));
}

#[test]
fn a_hushed_room_hears_nobody_and_is_settled_when_all_has_come_back() {
    let mut cluster = Cluster::of(1);
    let ana = cluster.join(0, "Ana");
    cluster.say(0, ana, "on its way");
    assert!(!cluster.nodes[0].room.is_hushed());
    cluster.nodes[0].room.hush();
    assert!(cluster.nodes[0].room.is_hushed());
    assert!(!cluster.nodes[0].room.is_settled());
    cluster.settle();
    assert!(cluster.nodes[0].room.is_settled());
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\nMSG Ana on its way\n");
    assert!(!cluster.nodes[0].room.hears(ana));
}

#[test]
fn delays_are_measured_on_each_node_where_somebody_takes_the_line() {
    let mut cluster = Cluster::of(2);
    let ana = cluster.join(0, "Ana");
    cluster.say(0, ana, "nobody is there on the other");
    cluster.settle();
    cluster.lines(0, ana);
    let bea = cluster.join(1, "Bea");
    cluster.say(0, ana, "for both");
    cluster.settle();
    cluster.lines(0, ana);
    cluster.lines(1, bea);
    let delays: Vec<_> = cluster.nodes.iter().map(|member| member.room.figures().delays.count()).collect();
    assert_eq!(delays, [2, 1]);
}

#[test]
fn a_node_that_begins_anew_forgets_who_has_gone_meanwhile() {
    let mut cluster = Cluster::of(2);
    cluster.join(1, "Bea");
    let room = &mut cluster.nodes[0].room;
    assert_eq!(room.begin(Node(9), &Room::nobody(10)), Ok(11));
    assert_eq!(room.participants(), 0);
}

#[test]
fn what_is_no_state_is_refused_and_changes_nothing() {
    let mut cluster = Cluster::of(1);
    let ana = cluster.join(0, "Ana");
    for bad in ["at x 1", "node 1", "here 1 2 3 4", "here 1 2 \u{1}", "who", "at 1 2\n\n"] {
        assert_eq!(cluster.nodes[0].room.begin(Node(5), bad), Err(BadState), "{bad:?}");
    }
    assert_eq!(BadState.to_string(), "no state of a room");
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\n");
}

#[test]
fn what_no_node_has_written_is_passed_over() {
    let mut cluster = Cluster::of(2);
    let (ana, bea) = (cluster.join(0, "Ana"), cluster.join(1, "Bea"));
    let strange: &[&[u8]] =
        &[b"MSG Eva", b"JOIN \n", b"JOIN a b\n", b"LEAVE Ana\n", b"LEAVE Eva\n", b"BYE quit\n", b"\xff\n", b"\n"];
    cluster.records.push((Node(2), Some(strange.concat())));
    cluster.settle();
    assert_eq!(cluster.lines(0, ana), "JOIN Ana\nJOIN Bea\n");
    assert_eq!(cluster.lines(1, bea), "JOIN Bea\n");
}

#[test]
fn what_people_want_to_say_waits_while_much_is_on_its_way() {
    let mut cluster = Cluster::of(1);
    let ana = cluster.join(0, "Ana");
    cluster.read(0, ana);
    let text = "x".repeat(1000);
    let room = &mut cluster.nodes[0].room;
    let mut said = 0;
    while !room.congested() && said < 2000 {
        room.say(ana, Text::new(&text).unwrap(), cluster.now);
        said += 1;
    }
    assert!((1000..1200).contains(&said), "{said}");
    assert!(room.deadline().is_none(), "nobody is put out for it");
    let taken = room.outgoing(2500);
    assert_eq!(taken.len(), 2 * "MSG Ana \n".len() + 2000, "whole lines");
    assert!(taken.ends_with(b"x\n"));
}

/// A step of some node.
#[derive(Clone, Debug)]
enum Step {
    Join(usize, usize),
    Say(usize, usize),
    Leave(usize, usize),
    Forget(usize, usize),
    Publish(usize),
    Apply(usize),
    /// This node dies: another has found it silent.
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (node, one) = (0..3_usize, 0..6_usize);
    let step = prop_oneof![
        (node.clone(), one.clone()).prop_map(|(at, name)| Step::Join(at, name)),
        (node.clone(), one.clone()).prop_map(|(at, who)| Step::Say(at, who)),
        (node.clone(), one.clone()).prop_map(|(at, who)| Step::Leave(at, who)),
        (node.clone(), one).prop_map(|(at, who)| Step::Forget(at, who)),
        node.clone().prop_map(Step::Publish),
        node.clone().prop_map(Step::Publish),
        node.clone().prop_map(Step::Apply),
        node.clone().prop_map(Step::Apply),
        node.prop_map(Step::End),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    /// Whatever happens on whichever node, all that apply the same records agree on what was
    /// said and on who is in the room; nobody is there twice, and nothing is kept of who has gone.
    #[test]
    fn all_nodes_agree(steps in steps()) {
        let mut cluster = Cluster::of(3);
        let witness = cluster.nodes.len();
        cluster.start(Node(99), "");
        cluster.settle();
        let eyes = cluster.join(witness, "Eyes");
        let mut people: [Vec<Reader>; 3] = Default::default();
        let mut ended = [false; 3];
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Join(at, name) => people[at].push(cluster.ask(at, ["a", "A", "b", "c", "Luis", "Iuis"][name])),
                Step::Say(at, who) => {
                    if let Some(&reader) = people[at].get(who) {
                        cluster.say(at, reader, &number.to_string());
                    }
                }
                Step::Leave(at, who) => {
                    if let Some(&reader) = people[at].get(who) {
                        cluster.nodes[at].room.leave(reader, cluster.now);
                    }
                }
                Step::Forget(at, who) => {
                    if who < people[at].len() {
                        let reader = people[at].remove(who);
                        cluster.nodes[at].room.forget(reader, cluster.now);
                    }
                }
                Step::Publish(at) => if !ended[at] { cluster.publish(at) },
                Step::Apply(at) => { cluster.apply(at); }
                Step::End(at) => {
                    if !std::mem::replace(&mut ended[at], true) {
                        cluster.records.push((cluster.nodes[at].node, None));
                    }
                }
            }
        }
        for (at, _) in ended.iter().enumerate().filter(|(_, ended)| !**ended) {
            cluster.publish(at);
        }
        for at in 0..cluster.nodes.len() {
            while cluster.apply(at) {}
        }
        // A node that one has joined late begins with the state of another, and is where all are.
        let state = cluster.nodes[witness].room.state();
        prop_assert!(cluster.nodes.iter().all(|member| member.room.state() == state));
        // What the witness read has each name once at a time.
        let mut present = std::collections::HashSet::new();
        for line in cluster.lines(witness, eyes).lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["JOIN", name] => prop_assert!(present.insert(name.to_lowercase().replace('l', "i")), "{}", line),
                ["LEAVE", name] => prop_assert!(present.remove(&name.to_lowercase().replace('l', "i")), "{}", line),
                ["MSG", name, _] => prop_assert!(present.contains(&name.to_lowercase().replace('l', "i")), "{}", line),
                _ => prop_assert!(false, "{line}"),
            }
        }
        prop_assert_eq!(present.len(), cluster.nodes[witness].room.participants());
        for (at, readers) in people.iter().enumerate() {
            let (now, room) = (cluster.now, &mut cluster.nodes[at].room);
            for reader in readers {
                room.forget(*reader, now);
            }
            if !ended[at] {
                cluster.settle_one(at);
            }
            prop_assert_eq!(cluster.nodes[at].room.readers.len(), 0);
            prop_assert_eq!(cluster.nodes[at].room.here, 0);
        }
    }
}

impl Cluster {
    /// What this node has to say is published and applied by all, until it has nothing more to say.
    fn settle_one(&mut self, at: usize) {
        while self.nodes[at].room.has_outgoing() {
            self.publish(at);
            for at in 0..self.nodes.len() {
                while self.apply(at) {}
            }
        }
    }
}
