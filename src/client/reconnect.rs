//! When to come back after a connection has ended: a policy without a clock.

use std::time::Duration;

use super::{Ending, JoinError};
use crate::proto::Code;

/// The most that is waited before the first attempt.
const FIRST: Duration = Duration::from_millis(500);

/// The most that is ever waited.
const MOST: Duration = Duration::from_secs(30);

/// After a visit of this length the next absence is a first one again.
const STEADY: Duration = Duration::from_mins(1);

/// How long is waited for a server to find out that one's own old connection is dead, and
/// to let the name on it go.
const GHOST: Duration = Duration::from_mins(5);

/// Says whether to come back to a room, and after how long ([SCREEN-8]).
///
/// It is told how a visit or an attempt ended, and gives the time to wait before the
/// next attempt, or `None` when one is not wanted any more: after a broken connection
/// and after `BYE shutdown` one comes back, after a refusal that would come again not.
///
/// The wait is anything from nothing to a bound, as the random number says ("full
/// jitter"), so that a room does not come back all at once. The bound is half a second
/// at first, twice as much after each attempt, 30 s at most, and half a second again
/// after a visit of a minute.
///
/// ```
/// use std::time::Duration;
/// use charla::client::{Ending, Reconnect};
///
/// let mut reconnect = Reconnect::default();
/// let wait = reconnect.after_visit(&Ending::EndOfStream, Duration::from_secs(3600), u16::MAX);
/// assert_eq!(wait, Some(Duration::from_millis(500)));
/// ```
#[derive(Debug, Default)]
pub struct Reconnect {
    /// How many waits there were since the last steady visit.
    waits: u32,
    /// The last connection broke with the name on it: the server may still take it
    /// for alive, and the name for taken. So long was waited since.
    ghost: Option<Duration>,
}

impl Reconnect {
    /// One was in the room for `stayed`, and this was the end of it; `random` is any
    /// number, each as likely as the others.
    pub fn after_visit(&mut self, ending: &Ending, stayed: Duration, random: u16) -> Option<Duration> {
        if stayed >= STEADY {
            self.waits = 0;
        }
        self.ghost = None;
        self.returns_after(ending).then(|| self.wait(random))
    }

    /// An attempt to come back failed so.
    pub fn after_attempt(&mut self, error: &JoinError, random: u16) -> Option<Duration> {
        let returns = match error {
            JoinError::Address(_) | JoinError::Name(_) | JoinError::Tls(_) => false,
            JoinError::Unreachable(_) => true,
            JoinError::Ended(ending) => self.returns_after(ending),
        };
        returns.then(|| self.wait(random))
    }

    fn returns_after(&mut self, ending: &Ending) -> bool {
        match ending {
            Ending::Bye(farewell) => self.returns_after_bye(&farewell.code),
            Ending::EndOfStream | Ending::Broken(_) => {
                self.ghost = Some(Duration::ZERO);
                true
            }
            Ending::Tls(_) => false,
        }
    }

    /// The one table of it.
    fn returns_after_bye(&mut self, code: &str) -> bool {
        match Code::from_wire(code) {
            Some(Code::Shutdown) => {
                // A room that stops leaves no names behind.
                self.ghost = None;
                true
            }
            // What passes by itself: the others have come back first, or the net was slow.
            Some(Code::Full | Code::Timeout) => true,
            Some(Code::NameTaken) => self.ghost.is_some_and(|waited| waited < GHOST),
            Some(Code::Quit | Code::NameInvalid | Code::BadLine | Code::BadState | Code::TooLong | Code::TooSlow)
            | None => false,
        }
    }

    fn wait(&mut self, random: u16) -> Duration {
        let bound = FIRST.saturating_mul(2_u32.saturating_pow(self.waits)).min(MOST);
        self.waits = self.waits.saturating_add(1);
        let wait = bound * u32::from(random) / u32::from(u16::MAX);
        self.ghost = self.ghost.map(|waited| waited + wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::proto::NameError;
    use crate::proto::client_session::Farewell;
    use crate::tls::Refusal;

    const HOUR: Duration = Duration::from_hours(1);

    fn farewell(code: Code) -> Farewell {
        Farewell { code: code.as_str().to_owned(), text: None }
    }

    fn refused(code: Code) -> JoinError {
        JoinError::Ended(Ending::Bye(farewell(code)))
    }

    fn unreachable() -> JoinError {
        JoinError::Unreachable(io::ErrorKind::ConnectionRefused.into())
    }

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew_after_a_steady_visit() {
        let mut reconnect = Reconnect::default();
        let mut waits = vec![reconnect.after_visit(&Ending::EndOfStream, HOUR, u16::MAX)];
        waits.extend((0..7).map(|_| reconnect.after_attempt(&unreachable(), u16::MAX)));
        let millis = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
        assert_eq!(waits, millis.map(|millis| Some(Duration::from_millis(millis))));
        for (stayed, bound) in [(STEADY / 2, MOST), (STEADY, FIRST)] {
            assert_eq!(reconnect.after_visit(&Ending::EndOfStream, stayed, u16::MAX), Some(bound));
        }
    }

    #[test]
    fn the_wait_is_anything_up_to_its_bound() {
        let wait = |random| Reconnect::default().after_visit(&Ending::EndOfStream, HOUR, random).unwrap();
        assert_eq!(wait(0), Duration::ZERO);
        assert_eq!(wait(u16::MAX / 5), FIRST / 5);
        assert!(wait(u16::MAX - 1) < FIRST);
    }

    #[test]
    fn endless_failures_do_no_harm() {
        let mut reconnect = Reconnect { waits: u32::MAX, ghost: None };
        assert_eq!(reconnect.after_attempt(&unreachable(), u16::MAX), Some(MOST));
    }

    /// [SCREEN-8]: what would end in the same way again is not tried again.
    #[test]
    fn only_what_passes_is_waited_for() {
        let passing = [Code::Full, Code::Timeout, Code::Shutdown];
        for &code in Code::ALL {
            let passes = passing.contains(&code);
            let ending = Ending::Bye(farewell(code));
            assert_eq!(Reconnect::default().after_visit(&ending, HOUR, 0).is_some(), passes, "{code}");
            assert_eq!(Reconnect::default().after_attempt(&refused(code), 0).is_some(), passes, "{code}");
        }
        let later = Ending::Bye(Farewell { code: "of-a-later-version".to_owned(), text: None });
        assert_eq!(Reconnect::default().after_visit(&later, HOUR, 0), None);
        assert_eq!(Reconnect::default().after_attempt(&JoinError::Name(NameError::Empty), 0), None);
        assert_eq!(Reconnect::default().after_attempt(&JoinError::Tls(Refusal::Expired), 0), None);
        assert_eq!(Reconnect::default().after_visit(&Ending::Tls(Refusal::CertificateWanted), HOUR, 0), None);
    }

    #[test]
    fn ones_own_ghost_is_waited_for() {
        let broken = Ending::Broken(io::ErrorKind::ConnectionReset);
        let mut reconnect = Reconnect::default();
        assert!(reconnect.after_visit(&broken, HOUR, 0).is_some());
        for passing in [unreachable(), refused(Code::NameTaken), refused(Code::Full), refused(Code::NameTaken)] {
            assert!(reconnect.after_attempt(&passing, 0).is_some(), "{passing}");
        }
    }

    #[test]
    fn what_stays_for_minutes_is_no_ghost() {
        let mut reconnect = Reconnect::default();
        let mut waited = reconnect.after_visit(&Ending::EndOfStream, HOUR, u16::MAX).unwrap();
        while let Some(wait) = reconnect.after_attempt(&refused(Code::NameTaken), u16::MAX) {
            waited += wait;
        }
        assert!((GHOST..GHOST + MOST).contains(&waited), "{waited:?}");
    }

    #[test]
    fn a_name_that_someone_else_has_taken_is_let_go() {
        let mut reconnect = Reconnect::default();
        assert!(reconnect.after_visit(&Ending::EndOfStream, HOUR, 0).is_some());
        assert!(reconnect.after_attempt(&refused(Code::Shutdown), 0).is_some());
        assert_eq!(reconnect.after_attempt(&refused(Code::NameTaken), 0), None);
        assert!(reconnect.after_attempt(&JoinError::Ended(Ending::EndOfStream), 0).is_some());
        assert!(reconnect.after_attempt(&refused(Code::NameTaken), 0).is_some());
        assert!(reconnect.after_visit(&Ending::Bye(farewell(Code::Shutdown)), HOUR, 0).is_some());
        assert_eq!(reconnect.after_attempt(&refused(Code::NameTaken), 0), None);
    }
}
