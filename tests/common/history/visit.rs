//! What holds between one client and its server.

use super::{History, How, Stamp, Step, Visit, key};

/// The codes that answer what the client sent, and nothing else.
const ANSWERS: &[&str] = &["bad-line", "bad-state", "too-long", "name-invalid"];

/// What of the visit of this number breaks a clause.
pub(super) fn check(history: &History, number: usize) -> Vec<String> {
    let visit = &history.visits[number];
    let told = |broken: String| format!("{broken} (visit {number}, {})", visit.name);
    let rules = [
        first_word(visit),
        last_word(visit),
        receipts(visit),
        reason(visit),
        end_of_a_server(history, visit),
        taken(history, number),
    ];
    rules.into_iter().flatten().chain(history.lulls.iter().filter_map(|&lull| answers(visit, lull))).map(told).collect()
}

/// [ROOM-2], [ROOM-3]: nothing but the roster comes before its own `JOIN`.
fn first_word(visit: &Visit) -> Option<String> {
    let (_, step) = visit.steps.iter().find(|(_, step)| step.is_heard())?;
    (!matches!(step, Step::Joined(_))).then(|| format!("[ROOM-2] [ROOM-3] before its own JOIN came {step:?}"))
}

/// [BYE-2]: nothing comes after `BYE`.
fn last_word(visit: &Visit) -> Option<String> {
    let (bye, code) = visit.bye()?;
    let late = |step: &Step| step.is_heard() || matches!(step, Step::Late(_));
    let (_, step) = visit.steps.iter().find(|(stamp, step)| *stamp > bye && late(step))?;
    Some(format!("[BYE-2] after BYE {code} came {step:?}"))
}

/// [ROOM-8], [ROOM-9]: the echoes are those of the texts said, from the first on.
fn receipts(visit: &Visit) -> Option<String> {
    let mut said = visit.said().map(|(_, text)| text);
    let wrong = visit.receipts().find(|text| said.next() != Some(text))?;
    Some(format!("[ROOM-8] [ROOM-9] the receipt of {wrong:?} came out of turn"))
}

/// [BYE-1], [LEAVE-5]: who is refused has given a reason; one that is well is never too slow.
fn reason(visit: &Visit) -> Option<String> {
    let (bye, code) = visit.bye()?;
    let gave = |step: &dyn Fn(&Step) -> bool| visit.when(step).is_some_and(|stamp| stamp < bye);
    match code {
        "quit" if !gave(&|step| *step == Step::Left) => {
            Some("[LEAVE-5] BYE quit came to one who had not left".to_owned())
        }
        "too-slow" if visit.well => Some("[SLOW-8] BYE too-slow came to one who had read all".to_owned()),
        code if ANSWERS.contains(&code) && !gave(&|step| matches!(step, Step::Broke(other) if *other == code)) => {
            Some(format!("[BYE-1] BYE {code} came without a reason"))
        }
        _ => None,
    }
}

/// [BYE-1], [LEAVE-9]: only a server that has died ends a connection without `BYE`, or one that does not know what became of
/// what it was told; and none sends `shutdown` to whom it need not send away.
fn end_of_a_server(history: &History, visit: &Visit) -> Option<String> {
    let fall = history.fall(visit).map(|fall| fall.how);
    let lost = visit.well && visit.bye().is_none() && visit.when(|step| *step == Step::Lost).is_some();
    let excused = match fall {
        Some(How::Died | How::Astray) => true,
        // It may have come when nobody was taken any more.
        Some(How::Stopped) => visit.joined().is_none(),
        None => false,
    };
    if lost && !excused {
        return Some("[BYE-1] the connection ended without BYE".to_owned());
    }
    let (_, code) = visit.bye()?;
    let needless = history.falls.is_some() && fall.is_none();
    (code == "shutdown" && needless).then(|| "[LEAVE-9] BYE shutdown came from a server that serves on".to_owned())
}

/// [BYE-3], [LEAVE-6]: a name is taken by one who may have it then, not by one who has read its `BYE`.
fn taken(history: &History, number: usize) -> Option<String> {
    let visit = &history.visits[number];
    let (refused, _) = visit.bye().filter(|(_, code)| *code == "name-taken")?;
    let asked = visit.asked()?;
    // Who is put out by a server that is cut off has the name until the others end that server.
    let is_astray = |other: &Visit| history.fall(other).is_some_and(|fall| fall.how == How::Astray);
    let may_have_it = |(n, other): (usize, &Visit)| {
        n != number
            && key(&other.name) == key(&visit.name)
            && other.asked().is_some_and(|asked| asked < refused)
            && (other.bye().is_none_or(|(bye, _)| bye > asked) || is_astray(other))
            && (other.roster().is_some() || !other.knows_its_end())
    };
    let free = !history.visits.iter().enumerate().any(may_have_it);
    free.then(|| "[BYE-3] [LEAVE-6] BYE name-taken came, and nobody had the name".to_owned())
}

/// [ROOM-3], [ROOM-8], [ROOM-11], [LEAVE-5]: by the lull everything was answered.
fn answers(visit: &Visit, lull: Stamp) -> Option<String> {
    let before = |stamp: Option<Stamp>| stamp.is_some_and(|stamp| stamp < lull);
    if !visit.well || !before(visit.asked()) || before(visit.ended()) {
        return None;
    }
    if !before(visit.joined()) {
        return Some("[ROOM-3] its NAME has no answer".to_owned());
    }
    if before(visit.when(|step| matches!(step, Step::Left | Step::Broke(_)))) {
        return Some("[LEAVE-5] [BYE-1] what ends its visit has no answer".to_owned());
    }
    let count = |of: fn(&Step) -> bool| visit.steps.iter().filter(|(stamp, step)| *stamp < lull && of(step)).count();
    let (said, receipts) =
        (count(|step| matches!(step, Step::Said(_))), count(|step| matches!(step, Step::Receipt(_))));
    (receipts < said).then(|| format!("[ROOM-8] [ROOM-11] {} of its texts have no receipt", said - receipts))
}
