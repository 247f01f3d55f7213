//! The search for the rate that a server still holds.

/// How far the rate that breaks may be above the one that holds, at the end.
const NARROW: f64 = 1.1;

/// How often the rate is doubled at most.
const DOUBLINGS: i32 = 24;

/// Where the limit is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The highest rate that held; `None` when not even the lowest one tried did.
    pub holds: Option<f64>,
    /// The lowest rate that did not; `None` when every one tried held.
    pub breaks: Option<f64>,
}

/// Doubles the rate from `first` until it does not hold, or halves it until it does, then
/// comes closer from both sides. `holds` tries a rate.
///
/// # Errors
/// The first one of `holds`.
pub fn find<E>(first: f64, mut holds: impl FnMut(f64) -> Result<bool, E>) -> Result<Limit, E> {
    let mut limit = Limit { holds: None, breaks: None };
    let mut rate = Some(first);
    while let Some(tried) = rate {
        if holds(tried)? {
            limit.holds = Some(tried);
        } else {
            limit.breaks = Some(tried);
        }
        rate = limit.next(first);
    }
    Ok(limit)
}

impl Limit {
    /// The rate to try next; `None` when the limit is known well enough.
    fn next(self, first: f64) -> Option<f64> {
        let highest = first * f64::powi(2.0, DOUBLINGS);
        match (self.holds, self.breaks) {
            (Some(holds), Some(breaks)) => (breaks / holds > NARROW).then(|| (holds * breaks).sqrt()),
            (Some(holds), None) => Some(holds * 2.0).filter(|&rate| rate <= highest),
            (None, Some(breaks)) => Some(breaks / 2.0).filter(|&rate| rate >= 1.0),
            (None, None) => Some(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit found for a server that holds this rate, and the rates tried.
    fn found(first: f64, truth: f64) -> (Limit, Vec<f64>) {
        let mut tried = Vec::new();
        let limit = find(first, |rate| {
            tried.push(rate);
            Ok::<_, ()>(rate <= truth)
        });
        (limit.unwrap(), tried)
    }

    #[test]
    fn the_limit_is_found_from_below_and_from_above() {
        for first in [1.0, 100.0, 5000.0] {
            let (limit, tried) = found(first, 777.0);
            let (holds, breaks) = (limit.holds.unwrap(), limit.breaks.unwrap());
            assert!(holds <= 777.0 && 777.0 < breaks && breaks <= holds * NARROW, "{limit:?}");
            assert!(tried.len() < 20, "{tried:?}");
        }
    }

    #[test]
    fn a_server_that_holds_nothing_or_everything_ends_the_search_too() {
        let (nothing, tried) = found(100.0, 0.0);
        assert_eq!((nothing.holds, tried.len()), (None, 7));
        assert_eq!(nothing.breaks, Some(100.0 / 64.0));
        let (everything, tried) = found(100.0, f64::INFINITY);
        assert_eq!((everything.breaks, tried.len()), (None, 25));
    }

    #[test]
    fn what_cannot_be_tried_ends_the_search() {
        assert_eq!(find(100.0, |rate| if rate > 100.0 { Err("gone") } else { Ok(true) }), Err("gone"));
    }
}
