//! The checker of histories: it has nothing to say of what is right, and finds what breaks a clause.

#[path = "common/history/mod.rs"]
mod history;

use history::Step::{Asked, Broke, Bye, End, Join, Joined, Late, Leave, Left, Lost, Msg, Receipt, Said};
use history::{Fall, History, How, Step, Visit, check};

fn visit(name: &str, steps: impl IntoIterator<Item = (u64, Step)>) -> Visit {
    at(0, name, steps)
}

fn at(server: usize, name: &str, steps: impl IntoIterator<Item = (u64, Step)>) -> Visit {
    Visit { name: name.to_owned(), server, steps: steps.into_iter().collect(), well: true }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn join(name: &str) -> Step {
    Join(name.to_owned())
}

fn leave(name: &str) -> Step {
    Leave(name.to_owned())
}

fn msg(name: &str, text: &str) -> Step {
    Msg(name.to_owned(), text.to_owned())
}

fn said(text: &str) -> Step {
    Said(text.to_owned())
}

fn receipt(text: &str) -> Step {
    Receipt(text.to_owned())
}

fn bye(code: &str) -> Step {
    Bye(code.to_owned())
}

const ANA: usize = 0;
const LUIS: usize = 1;
const LUIS_AGAIN: usize = 2;
const EVA: usize = 3;

/// Ana is there from the beginning to the end, Luis comes, goes, and comes back; Eva is refused his name.
fn right() -> History {
    let ana = visit(
        "Ana",
        [
            (1, Asked),
            (2, Joined(vec![])),
            (5, join("Luis")),
            (7, said("a1")),
            (9, receipt("a1")),
            (12, msg("Luis", "l1")),
            (15, leave("Luis")),
            (20, join("luis")),
            (23, msg("luis", "l2")),
            (25, said("a2")),
            (26, receipt("a2")),
            (31, bye("shutdown")),
        ],
    );
    let luis = visit(
        "Luis",
        [
            (3, Asked),
            (4, Joined(names(&["Ana"]))),
            (8, msg("Ana", "a1")),
            (10, said("l1")),
            (11, receipt("l1")),
            (13, Left),
            (14, bye("quit")),
        ],
    );
    let luis_again = visit(
        "luis",
        [
            (16, Asked),
            (18, Joined(names(&["Ana"]))),
            (21, said("l2")),
            (22, receipt("l2")),
            (27, msg("Ana", "a2")),
            (30, bye("shutdown")),
        ],
    );
    let eva = visit("LUIS", [(17, Asked), (19, bye("name-taken"))]);
    History { visits: vec![ana, luis, luis_again, eva], lulls: vec![24, 29], falls: None }
}

/// A right history of three servers: Ana stays at the first; Luis and Bea are at the second when it dies, which nobody knows
/// yet when Luis comes back; Eva's, the third, is told to stop.
fn several_servers() -> History {
    let ana = at(
        0,
        "Ana",
        [
            (1, Asked),
            (2, Joined(vec![])),
            (5, join("Luis")),
            (8, join("Eva")),
            (9, said("a1")),
            (10, receipt("a1")),
            (15, join("Bea")),
            (16, msg("Bea", "b1")),
            (24, leave("Luis")),
            (25, leave("Bea")),
            (28, join("Luis")),
            (30, said("a2")),
            (31, receipt("a2")),
            (44, leave("Eva")),
            (50, Left),
            (51, bye("quit")),
        ],
    );
    let luis = at(
        1,
        "Luis",
        [
            (3, Asked),
            (4, Joined(names(&["Ana"]))),
            (9, join("Eva")),
            (11, msg("Ana", "a1")),
            (17, join("Bea")),
            (19, said("l1")),
            (21, Lost),
        ],
    );
    let luis_again = at(
        0,
        "Luis",
        [
            (26, Asked),
            (27, Joined(names(&["Ana", "Eva"]))),
            (32, msg("Ana", "a2")),
            (43, leave("Eva")),
            (52, leave("Ana")),
        ],
    );
    let eva = at(
        2,
        "Eva",
        [
            (6, Asked),
            (7, Joined(names(&["Ana", "Luis"]))),
            (11, msg("Ana", "a1")),
            (16, join("Bea")),
            (17, msg("Bea", "b1")),
            (24, leave("Luis")),
            (25, leave("Bea")),
            (29, join("Luis")),
            (33, msg("Ana", "a2")),
            (41, bye("shutdown")),
        ],
    );
    let bea = at(
        1,
        "Bea",
        [(12, Asked), (14, Joined(names(&["Ana", "Luis", "Eva"]))), (15, said("b1")), (17, receipt("b1")), (21, Lost)],
    );
    let in_vain = at(2, "LUIS", [(22, Asked), (23, bye("name-taken"))]);
    let falls = vec![
        Fall { server: 1, how: How::Died, from: 20, to: 34, told: Some(30) },
        Fall { server: 2, how: How::Stopped, from: 40, to: 46, told: Some(45) },
    ];
    History { visits: vec![ana, luis, luis_again, eva, bea, in_vain], lulls: vec![35, 60], falls: Some(falls) }
}

const IN_VAIN: usize = 5;

/// The right history with one visit's step at this stamp changed, or taken out.
fn changed(visit: usize, stamp: u64, to: Option<Step>) -> History {
    changed_in(right(), visit, stamp, to)
}

fn changed_in(mut history: History, visit: usize, stamp: u64, to: Option<Step>) -> History {
    let steps = &mut history.visits[visit].steps;
    let at = steps.iter().position(|(other, _)| *other == stamp).unwrap();
    match to {
        Some(step) => steps[at].1 = step,
        None => drop(steps.remove(at)),
    }
    history
}

/// The right history with a step more.
fn with(visit: usize, stamp: u64, step: Step) -> History {
    with_in(right(), visit, stamp, step)
}

fn with_in(mut history: History, visit: usize, stamp: u64, step: Step) -> History {
    let steps = &mut history.visits[visit].steps;
    steps.push((stamp, step));
    steps.sort_by_key(|(stamp, _)| *stamp);
    history
}

#[track_caller]
fn assert_broken(history: &History, clause: &str) {
    let broken = check(history);
    assert!(broken.iter().any(|told| told.contains(clause)), "{clause} is not among {broken:#?}");
}

#[test]
fn a_right_history_has_nothing_broken() {
    assert_eq!(check(&right()), Vec::<String>::new());
    assert_eq!(check(&several_servers()), Vec::<String>::new());
    assert_eq!(check(&History::default()), Vec::<String>::new());
}

/// [ROOM-5], [ROOM-6]
#[test]
fn an_event_left_out_is_found() {
    assert_broken(&changed(ANA, 12, None), "[ROOM-5]");
    assert_broken(&changed(LUIS, 8, None), "[ROOM-5]");
    assert_broken(&changed(LUIS_AGAIN, 27, None), "[ROOM-5]");
}

/// [ROOM-5]
#[test]
fn an_event_that_comes_twice_is_found() {
    assert_broken(&with(ANA, 13, msg("Luis", "l1")), "[ROOM-5]");
    assert_broken(&with(ANA, 6, join("Luis")), "[LEAVE-3]");
    assert_broken(&with(ANA, 10, receipt("a1")), "[ROOM-5]");
}

/// [ROOM-6]
#[test]
fn two_orders_are_found() {
    let mut history = changed(ANA, 9, Some(msg("Luis", "l1")));
    let steps = &mut history.visits[ANA].steps;
    steps.retain(|(stamp, _)| *stamp != 12);
    steps.insert(5, (12, receipt("a1")));
    assert_broken(&history, "[ROOM-6]");
}

/// [ROOM-2], [ROOM-4]
#[test]
fn a_wrong_roster_is_found() {
    for roster in [&[] as &[&str], &["Ana", "Ana"], &["Luis"], &["Ana", "Luis"]] {
        assert_broken(&changed(LUIS_AGAIN, 18, Some(Joined(names(roster)))), "[ROOM-4]");
    }
}

/// [ROOM-7], [LEAVE-8]
#[test]
fn what_nobody_asked_for_is_found() {
    assert_broken(&with(ANA, 28, msg("luis", "l9")), "[ROOM-7]");
    assert_broken(&with(ANA, 28, join("Zoe")), "[LEAVE-8]");
    assert_broken(&with(ANA, 28, leave("Zoe")), "[LEAVE-8]");
}

/// [ROOM-8], [ROOM-9]
#[test]
fn receipts_out_of_turn_are_found() {
    let mut history = with(LUIS, 9, said("l0"));
    assert_broken(&history, "[ROOM-9]");
    history = changed(LUIS, 11, Some(receipt("l7")));
    assert_broken(&history, "[ROOM-8]");
}

/// [ROOM-9]: it is found with the help of the others, where the sender has seen nothing.
#[test]
fn a_text_that_was_passed_over_is_found() {
    let mut history = with(LUIS, 9, said("l0"));
    history.visits[LUIS].steps.retain(|(stamp, _)| *stamp < 11);
    history.visits[LUIS].steps.push((14, End));
    assert_broken(&history, "[ROOM-9]");
}

/// [ROOM-10]: Zoe had her receipt before Luis spoke, who comes before her.
#[test]
fn an_effect_before_its_cause_is_found() {
    let luis = [
        (1, Asked),
        (2, Joined(vec![])),
        (10, said("l1")),
        (11, receipt("l1")),
        (12, join("Zoe")),
        (13, msg("Zoe", "z1")),
    ];
    let zoe = [(3, Asked), (4, Joined(names(&["Luis"]))), (5, said("z1")), (6, receipt("z1"))];
    let mut history = History { visits: vec![visit("Luis", luis), visit("Zoe", zoe)], ..History::default() };
    assert_broken(&history, "[ROOM-10]");
    history.visits[0].steps[2].0 = 3;
    assert_eq!(check(&history), Vec::<String>::new());
}

/// [ROOM-10]
#[test]
fn what_is_heard_before_it_is_said_is_found() {
    let mut history = right();
    history.visits[LUIS].steps[3].0 = 13;
    history.visits[LUIS].steps[4].0 = 13;
    history.visits[LUIS].steps[5].0 = 13;
    assert_broken(&history, "[ROOM-10]");
}

/// [ROOM-3], [ROOM-11], [LEAVE-5]
#[test]
fn who_waits_in_vain_is_found() {
    assert_broken(&changed(ANA, 23, None), "[ROOM-5]");
    assert_broken(&with(LUIS_AGAIN, 28, said("l3")), "[ROOM-11]");
    let mut late = right();
    late.visits[LUIS_AGAIN].steps[4].0 = 30;
    assert_broken(&late, "[ROOM-11]");
    let mut waiting = right();
    waiting.visits[EVA].steps.pop();
    assert_broken(&waiting, "[ROOM-3]");
    assert_broken(&with(LUIS_AGAIN, 28, Left), "[LEAVE-5]");
}

/// [LEAVE-1], [LEAVE-2], [LEAVE-6]
#[test]
fn a_leave_left_out_is_found() {
    let without_leave = changed(ANA, 15, None);
    assert_broken(&without_leave, "[LEAVE-1]");
    assert_broken(&without_leave, "[BYE-3]");
    let mut reset = without_leave;
    reset.visits[LUIS].steps.truncate(5);
    reset.visits[LUIS].steps.push((14, End));
    reset.visits.truncate(2);
    reset.visits[ANA].steps.retain(|(stamp, _)| !(20..24).contains(stamp));
    assert_broken(&reset, "[LEAVE-2]");
}

/// [LEAVE-1]: of one who was too slow, too.
#[test]
fn a_leave_of_a_slow_one_left_out_is_found() {
    let mut history = right();
    history.visits.truncate(2);
    history.visits[ANA].steps.retain(|(stamp, _)| !(15..24).contains(stamp));
    history.visits[LUIS].steps.truncate(4);
    history.visits[LUIS].steps.push((14, bye("too-slow")));
    history.visits[LUIS].well = false;
    assert_broken(&history, "[LEAVE-1]");
}

/// [LEAVE-1]
#[test]
fn a_second_leave_is_found() {
    assert_broken(&with(ANA, 16, leave("Luis")), "[LEAVE-1]");
}

/// [LEAVE-3], [BYE-3]
#[test]
fn a_name_that_two_have_is_found() {
    let mut history = with(LUIS_AGAIN, 19, leave("Luis"));
    history.visits[LUIS_AGAIN].steps[1].1 = Joined(names(&["Ana", "Luis"]));
    let steps = &mut history.visits[ANA].steps;
    (steps[6].1, steps[7].1) = (join("luis"), leave("Luis"));
    assert_broken(&history, "[LEAVE-3]");
}

/// [LEAVE-6], [BYE-3]
#[test]
fn a_name_that_is_freed_too_late_is_found() {
    let mut history = right();
    history.visits.remove(LUIS_AGAIN);
    assert_broken(&history, "[LEAVE-6]");
}

/// [LEAVE-4]
#[test]
fn a_leaver_that_hears_too_much_is_found() {
    assert_broken(&with(LUIS, 13, leave("Luis")), "[LEAVE-4]");
}

/// [LEAVE-10]
#[test]
fn a_leave_at_the_end_of_the_room_is_found() {
    assert_broken(&with(ANA, 30, leave("luis")), "[LEAVE-10]");
}

/// [BYE-2]
#[test]
fn a_line_after_bye_is_found() {
    assert_broken(&with(LUIS, 15, Late("MSG Ana a2".to_owned())), "[BYE-2]");
    assert_broken(&with(LUIS, 15, msg("Ana", "a2")), "[BYE-2]");
}

/// [BYE-6]
#[test]
fn a_text_after_leave_is_found() {
    let mut history = right();
    history.visits[LUIS].steps.truncate(3);
    history.visits[LUIS].steps.extend([(10, said("l1")), (14, End)]);
    history.visits[ANA].steps[5..7].reverse();
    assert_broken(&history, "[BYE-6]");
}

/// [BYE-1], [LEAVE-5], [SLOW-8]
#[test]
fn a_bye_without_a_reason_is_found() {
    assert_broken(&changed(LUIS, 13, None), "[LEAVE-5]");
    assert_broken(&changed(LUIS, 14, Some(bye("bad-line"))), "[BYE-1]");
    assert_broken(&changed(LUIS, 14, Some(bye("too-slow"))), "[SLOW-8]");
    assert_broken(&changed(LUIS, 14, Some(Lost)), "[BYE-1]");
    let mut rude = changed(LUIS, 13, Some(Broke("bad-line")));
    rude.visits[LUIS].steps[6].1 = bye("bad-line");
    assert_eq!(check(&rude), Vec::<String>::new());
}

/// [BYE-14]: who has `BYE quit` knows that what has no receipt was not said; after a reset nobody knows.
#[test]
fn an_ending_that_is_not_true_is_found() {
    let mut history = changed(LUIS, 11, None);
    assert_broken(&history, "[BYE-14]");
    history.visits[LUIS].steps.retain(|(stamp, _)| *stamp < 11);
    history.visits[LUIS].steps.push((14, End));
    assert_eq!(check(&history), Vec::<String>::new());
}

/// [ROOM-2], [ROOM-3]
#[test]
fn a_line_before_the_welcome_is_found() {
    assert_broken(&with(LUIS, 3, msg("Ana", "a0")), "[ROOM-3]");
    assert_broken(&with(LUIS, 3, leave("Zoe")), "[ROOM-2]");
}

/// [ROOM-5], [ROOM-6]: two parts of a room, each in itself in order.
#[test]
fn a_room_that_is_two_is_found() {
    let talk = |name: &str, text: &str| {
        [(1, Asked), (2, Joined(vec![])), (3, said(text)), (4, receipt(text))].map(|step| (step, name.to_owned()))
    };
    let alone = |server, name: &str, text: &str| at(server, name, talk(name, text).map(|(step, _)| step));
    let history =
        History { visits: vec![alone(0, "Ana", "a1"), alone(1, "Luis", "l1")], lulls: vec![9], falls: Some(vec![]) };
    assert_broken(&history, "[ROOM-6]");
}

/// [LEAVE-1], [LEAVE-2]: of one who was let in and never heard of it.
#[test]
fn a_ghost_is_found() {
    let mut history = several_servers();
    history.visits[LUIS_AGAIN].steps.truncate(1);
    history.visits[LUIS_AGAIN].steps.push((27, End));
    assert_broken(&history, "\"Luis\" is there");
}

/// [BYE-1]
#[test]
fn who_has_left_without_knowing_it_is_found() {
    let mut history = several_servers();
    history.visits[LUIS].steps.pop();
    assert_broken(&history, "[BYE-1]");
}

/// [LEAVE-1]: the people of a server that died, and of one that was told to stop.
#[test]
fn a_leave_after_the_lease_is_found() {
    let mut late = several_servers();
    late.falls.as_mut().unwrap()[0].told = Some(23);
    assert_broken(&late, "fell at 20");
    let mut late = several_servers();
    late.falls.as_mut().unwrap()[1].told = Some(42);
    assert_broken(&late, "fell at 40");
    let mut never = several_servers();
    for visit in [ANA, EVA] {
        never.visits[visit].steps.retain(|(_, step)| *step != leave("Bea"));
    }
    assert_broken(&never, "fell at 20");
}

/// [LEAVE-1]: exactly one for each who was at the server that died.
#[test]
fn a_second_leave_of_a_dead_one_is_found() {
    let mut history = with_in(several_servers(), ANA, 26, leave("Bea"));
    history = with_in(history, EVA, 26, leave("Bea"));
    assert_broken(&history, "[LEAVE-1]");
}

/// [BYE-1], [LEAVE-9]: who is put out without need.
#[test]
fn an_end_without_a_fall_is_found() {
    let mut none = several_servers();
    none.falls = Some(vec![]);
    assert_broken(&none, "[BYE-1]");
    assert_broken(&none, "[LEAVE-9]");
    let mut elsewhere = several_servers();
    elsewhere.falls.as_mut().unwrap()[1].server = 0;
    assert_broken(&elsewhere, "[LEAVE-9]");
    assert_broken(&changed_in(several_servers(), EVA, 41, Some(Lost)), "[BYE-1]");
    let mut at_the_door = several_servers();
    at_the_door.visits.push(at(2, "Zoe", [(40, Asked), (41, Lost)]));
    assert_eq!(check(&at_the_door), Vec::<String>::new());
}

/// [BYE-14]: who is sent away in order has all that came before it; of who went astray nobody knows.
#[test]
fn a_server_that_stops_too_early_is_found() {
    let mut history = changed_in(several_servers(), EVA, 33, None);
    history.lulls.remove(0);
    assert_broken(&history, "[BYE-14]");
    history.falls.as_mut().unwrap()[1].how = How::Astray;
    assert_eq!(check(&history), Vec::<String>::new());
}

/// [LEAVE-1], [BYE-14]: those who are sent away together need not hear of each other.
#[test]
fn who_is_sent_away_with_others_is_right() {
    let eva = at(
        1,
        "Eva",
        [(3, Asked), (4, Joined(names(&["Ana"]))), (6, join("Gil")), (9, msg("Ana", "a1")), (11, bye("shutdown"))],
    );
    let gil =
        at(1, "Gil", [(5, Asked), (6, Joined(names(&["Ana", "Eva"]))), (9, msg("Ana", "a1")), (11, bye("shutdown"))]);
    let ana =
        [(1, Asked), (2, Joined(vec![])), (5, join("Eva")), (6, join("Gil")), (7, said("a1")), (8, receipt("a1"))];
    let ana = at(0, "Ana", ana.into_iter().chain([(12, leave("Eva")), (12, leave("Gil"))]));
    let fall = Fall { server: 1, how: How::Stopped, from: 10, to: 20, told: Some(15) };
    let history = History { visits: vec![ana, eva, gil], lulls: vec![20], falls: Some(vec![fall]) };
    assert_eq!(check(&history), Vec::<String>::new());
}

/// [BYE-14]: `BYE` says that what has no receipt was not said, whatever befell the server.
#[test]
fn a_text_that_outlives_its_bye_is_found() {
    let mut history = with_in(several_servers(), EVA, 36, said("e1"));
    history = with_in(history, ANA, 42, msg("Eva", "e1"));
    history = with_in(history, LUIS_AGAIN, 42, msg("Eva", "e1"));
    history.falls.as_mut().unwrap()[1].how = How::Astray;
    assert_broken(&history, "[BYE-14]");
    history.visits[EVA].steps.retain(|(stamp, _)| *stamp != 41);
    history.visits[EVA].steps.push((41, Lost));
    assert_eq!(check(&history), Vec::<String>::new());
}

/// [BYE-3], [LEAVE-6]: the name was free on another server, as everybody could see.
#[test]
fn a_refusal_after_the_leave_is_found() {
    let mut history = several_servers();
    history.visits[LUIS_AGAIN].steps[0].0 = 46;
    history.visits[IN_VAIN].steps = vec![(26, Asked), (27, bye("name-taken"))];
    history.visits.remove(LUIS_AGAIN);
    for visit in [ANA, LUIS_AGAIN] {
        history.visits[visit].steps.retain(|(stamp, step)| *step != join("Luis") || *stamp < 26);
    }
    assert_broken(&history, "its LEAVE had been seen");
}
