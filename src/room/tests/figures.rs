//! The room in numbers.

use super::*;

#[test]
fn messages_joins_and_deliveries_are_counted() {
    let mut hall = Hall::new();
    let (ana, carlos) = (hall.join("Ana"), hall.join("Carlos"));
    hall.say(ana, "hola");
    hall.say(ana, "otra vez");
    hall.room.leave(carlos, hall.now);
    let figures = hall.room.figures();
    assert_eq!((figures.participants, figures.joins, figures.messages, figures.deliveries), (1, 2, 2, 0));
    hall.read(ana);
    assert_eq!(hall.room.figures().deliveries, 5);
    hall.read(carlos);
    hall.room.forget(carlos, hall.now);
    assert_eq!(hall.room.figures().deliveries, 5 + 3);
    hall.room.forget(ana, hall.now);
    assert_eq!(hall.room.figures().deliveries, 5 + 3);
}

/// However the taking is cut, and wherever it ends.
#[test]
fn deliveries_are_whole_lines_that_were_taken() {
    let lf = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
    for sip in [1, 7, 4096, 20_000] {
        let mut hall = Hall::new();
        let (ana, slow) = (hall.join("Ana"), hall.join("slow"));
        let mut expected = 0;
        for n in 0..1000 {
            hall.say(ana, &"x".repeat(1 + n % 200));
            expected += lf(hall.read(ana).0.as_bytes());
        }
        let mut sipped = Vec::new();
        for _ in 0..5 {
            sipped.extend(hall.sip(slow, sip));
            assert!(hall.room.figures().deliveries <= expected + lf(&sipped));
        }
        hall.room.forget(slow, hall.now);
        assert_eq!(hall.room.figures().deliveries, expected + lf(&sipped), "in sips of {sip}");
    }
}

#[test]
fn lags_are_how_far_each_is_behind() {
    let mut hall = Hall::new();
    let (ana, _slow) = (hall.join("Ana"), hall.join("slow"));
    hall.say(ana, &"x".repeat(1000));
    hall.read(ana);
    let lags = hall.room.figures().lags;
    let behind = "JOIN slow\nMSG Ana \n".len() as u64 + 1000;
    assert_eq!((lags.count(), lags.sum()), (2, behind));
    assert_eq!(lags.buckets().next(), Some((Some(0), 1)));
    let bounds: Vec<_> = lags.buckets().map_while(|(bound, _)| bound).collect();
    assert!(bounds.is_sorted_by(|one, next| one < next) && *bounds.last().unwrap() > MIN_KEPT as u64, "{bounds:?}");
}

#[test]
fn a_delay_ends_when_the_last_takes_the_line() {
    let mut hall = Hall::new();
    let (ana, carlos) = (hall.join("Ana"), hall.join("Carlos"));
    let second = Duration::from_secs(1);
    let delays = |hall: &Hall| (hall.room.figures().delays.count(), hall.room.figures().delays.sum());
    hall.say(ana, "followed");
    hall.read(ana);
    hall.now += second;
    hall.say(ana, "not followed");
    hall.read(ana);
    assert_eq!(delays(&hall), (0, 0));
    hall.now += second;
    hall.sip(carlos, "JOIN Carlos\nMSG Ana followed".len());
    assert_eq!(delays(&hall), (0, 0));
    hall.sip(carlos, 1);
    assert_eq!(delays(&hall), (1, 2_000_000));
    hall.say(ana, "followed again");
    hall.now += second;
    hall.read(ana);
    hall.read(carlos);
    assert_eq!(delays(&hall), (2, 3_000_000));
}

/// Nobody waits for what will not be taken.
#[test]
fn a_delay_ends_with_who_will_not_take_the_line() {
    let mut hall = Hall::new();
    let (ana, left, gone, slow) = (hall.join("Ana"), hall.join("left"), hall.join("gone"), hall.join("slow"));
    let count = |hall: &Hall| hall.room.figures().delays.count();
    hall.room.leave(left, hall.now);
    hall.say(ana, "followed");
    hall.join("late");
    hall.read(ana);
    hall.room.forget(gone, hall.now);
    assert_eq!(count(&hall), 0);
    while !hall.room.congested() {
        hall.say(ana, &"x".repeat(1000));
        hall.read(ana);
        assert!(hall.room.head() <= 2 * MIN_KEPT as u64, "it is never full");
    }
    assert_eq!(count(&hall), 0);
    hall.pass(PATIENCE);
    assert_eq!(count(&hall), 1);
    assert_eq!(hall.room.read(slow, &mut Vec::new()), Standing::TooSlow);
    hall.say(ana, "followed, and not for those who were put out");
    hall.read(ana);
    assert_eq!(count(&hall), 2);
}
