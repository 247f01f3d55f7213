//! What one participant heard: how much, whether all of it, in which order.

use std::ops::Range;

use super::text::Id;

/// The texts that one participant heard.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Of each sender the number of the text that comes next.
    next: Vec<u32>,
    /// Texts before those that have not come.
    missing: Vec<Gap>,
    /// A hash of all that was heard, in its order.
    order: u64,
    /// Different texts heard.
    pub(super) heard: u64,
    /// Texts heard after a later one of the same sender.
    pub(super) disordered: u64,
    /// Texts heard once more.
    pub(super) doubled: u64,
}

#[derive(Clone, Debug)]
struct Gap {
    sender: usize,
    numbers: Range<u32>,
}

/// What many participants heard, held against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Texts that one did not hear which another one heard, or its sender said before one
    /// that was heard; summed over the participants.
    pub lost: u64,
    /// Texts heard after a later one of the same sender.
    pub disordered: u64,
    /// Texts heard once more.
    pub doubled: u64,
    /// Participants who heard it all, each text once, and not in the order in which most of
    /// them did.
    pub other_order: u64,
}

impl Tally {
    pub(super) fn new(senders: usize) -> Tally {
        Tally { next: vec![0; senders], missing: Vec::new(), order: 0, heard: 0, disordered: 0, doubled: 0 }
    }

    /// A text was heard.
    pub(super) fn hear(&mut self, id: Id) {
        let Some(next) = self.next.get_mut(id.sender) else { return };
        let key = (id.sender as u64) << 32 | u64::from(id.number);
        self.order = (self.order.rotate_left(5) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if *next == id.number {
            *next += 1;
            self.heard += 1;
        } else {
            self.hear_out_of_turn(id);
        }
    }

    #[cold]
    fn hear_out_of_turn(&mut self, Id { sender, number }: Id) {
        let Some(next) = self.next.get_mut(sender) else { return };
        if number > *next {
            self.missing.push(Gap { sender, numbers: *next..number });
            *next = number + 1;
            self.heard += 1;
        } else if let Some(at) = self.missing.iter().position(|gap| gap.has(sender, number)) {
            let Gap { numbers, .. } = self.missing.swap_remove(at);
            let rest = [numbers.start..number, number + 1..numbers.end].into_iter().filter(|rest| !rest.is_empty());
            self.missing.extend(rest.map(|numbers| Gap { sender, numbers }));
            self.disordered += 1;
            self.heard += 1;
        } else {
            self.doubled += 1;
        }
    }
}

impl Gap {
    fn has(&self, sender: usize, number: u32) -> bool {
        self.sender == sender && self.numbers.contains(&number)
    }
}

/// Holds those who stayed against each other; `said` are all, also those who were put out
/// and so did not hear the rest.
pub(super) fn compare<'a>(stayed: &[&'a Tally], all: impl Iterator<Item = &'a Tally>) -> Comparison {
    let said = last_numbers(all);
    let whole = |tally: &&&Tally| tally.heard == said && tally.doubled == 0;
    let mut orders: Vec<_> = stayed.iter().filter(whole).map(|tally| tally.order).collect();
    orders.sort_unstable();
    let most = orders.chunk_by(u64::eq).map(<[_]>::len).max().unwrap_or(0);
    let sum = |count: fn(&Tally) -> u64| stayed.iter().map(|tally| count(tally)).sum();
    Comparison {
        lost: stayed.iter().map(|tally| said - tally.heard).sum(),
        disordered: sum(|tally| tally.disordered),
        doubled: sum(|tally| tally.doubled),
        other_order: (orders.len() - most) as u64,
    }
}

/// How many texts were said as far as anybody knows from hearing them: a sender's numbers have no gaps.
fn last_numbers<'a>(tallies: impl Iterator<Item = &'a Tally>) -> u64 {
    let mut said = Vec::new();
    for tally in tallies {
        said.resize(tally.next.len().max(said.len()), 0);
        for (said, &next) in said.iter_mut().zip(&tally.next) {
            *said = next.max(*said);
        }
    }
    said.into_iter().map(u64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(heard: &[(usize, u32)]) -> Tally {
        let mut tally = Tally::new(2);
        for &(sender, number) in heard {
            tally.hear(Id { sender, number });
        }
        tally
    }

    fn compared(heard: &[&[(usize, u32)]]) -> Comparison {
        let tallies: Vec<_> = heard.iter().map(|heard| tally(heard)).collect();
        compare(&tallies.iter().collect::<Vec<_>>(), tallies.iter())
    }

    const ALL: &[(usize, u32)] = &[(0, 0), (1, 0), (0, 1), (0, 2), (1, 1)];

    #[test]
    fn the_same_heard_by_all_is_nothing_to_tell() {
        assert_eq!(compared(&[ALL, ALL, ALL]), Comparison::default());
        assert_eq!(compared(&[]), Comparison::default());
    }

    #[test]
    fn a_gap_and_a_missing_end_are_losses() {
        let gap = &[(0, 0), (1, 0), (0, 2), (1, 1)];
        assert_eq!(compared(&[ALL, gap, &ALL[..3]]), Comparison { lost: 3, ..Comparison::default() });
        assert_eq!(compared(&[gap, gap]).lost, 2, "what nobody heard, and what came after it was");
        assert_eq!(compared(&[ALL, &[]]).lost, 5);
    }

    #[test]
    fn what_comes_late_is_out_of_order_and_not_lost() {
        let late = &[(0, 2), (0, 1), (1, 0), (0, 0), (1, 1)];
        assert_eq!(compared(&[ALL, ALL, late]), Comparison { disordered: 2, other_order: 1, ..Comparison::default() });
    }

    #[test]
    fn a_text_heard_again_is_double_and_makes_up_for_nothing() {
        let twice = &[(0, 0), (0, 0), (1, 0), (0, 1), (1, 1)];
        assert_eq!(compared(&[ALL, twice]), Comparison { doubled: 1, lost: 1, ..Comparison::default() });
    }

    #[test]
    fn an_order_that_is_not_that_of_most_is_told_though_each_sender_is_in_order() {
        let other = &[(1, 0), (0, 0), (0, 1), (0, 2), (1, 1)];
        assert_eq!(compared(&[ALL, other, ALL]), Comparison { other_order: 1, ..Comparison::default() });
    }

    #[test]
    fn who_was_put_out_has_lost_nothing_but_tells_what_was_said() {
        let (out, stayed) = (tally(ALL), tally(&ALL[..4]));
        assert_eq!(compare(&[&stayed], [&out, &stayed].into_iter()).lost, 1);
        assert_eq!(compare(&[&out], [&out, &stayed].into_iter()).lost, 0);
    }
}
