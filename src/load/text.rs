//! What is said under load: texts that tell whose they are and which.
//!
//! A text is a mark that only this run has, the number of its sender, its own number among
//! the texts of that sender, and filler. The width is fixed and the digits are of base 64,
//! since reading one is to cost next to nothing: there are as many readings as deliveries.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// The fewest bytes that a text has: all but the filler.
pub const MIN_SIZE: usize = MARK + SENDER + NUMBER;

/// The most senders that a text can tell apart.
pub const MAX_SENDERS: usize = 1 << (6 * SENDER);

const MARK: usize = 8;
const SENDER: usize = 2;
const NUMBER: usize = 5;

/// What tells the texts and the participants of a run from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark([u8; MARK]);

/// Which text it is: of which sender, and how many it said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) sender: usize,
    pub(super) number: u32,
}

impl Mark {
    /// Another one each time.
    pub(super) fn random() -> Mark {
        // The standard library seeds its hashers at random.
        let random = RandomState::new().build_hasher().finish();
        Mark(std::array::from_fn(|digit| digit_of(random >> (6 * digit))))
    }

    /// The name under which a participant joins.
    pub(super) fn name(self, participant: usize) -> String {
        // Short, since it stands in front of every text.
        let [a, b, ..] = self.0;
        format!("c{a:x}{b:x}-{participant}")
    }

    /// The text of this id, of `size` bytes.
    pub(super) fn text(self, id: Id, size: usize) -> String {
        let mut text: String = self.0.map(char::from).iter().collect();
        push(&mut text, id.sender as u64, SENDER);
        push(&mut text, id.number.into(), NUMBER);
        text.extend(std::iter::repeat_n('x', size.saturating_sub(MIN_SIZE)));
        text
    }

    /// Which text of this run it is, if it is one of `size` bytes.
    pub(super) fn read(self, text: &str, size: usize) -> Option<Id> {
        let text = text.as_bytes();
        let (mark, rest) = text.split_first_chunk::<MARK>()?;
        let (sender, rest) = rest.split_first_chunk::<SENDER>()?;
        let (number, _) = rest.split_first_chunk::<NUMBER>()?;
        if *mark != self.0 || text.len() != size {
            return None;
        }
        Some(Id { sender: value(sender)? as usize, number: value(number)? })
    }
}

/// The digits of base 64 are the characters from `0` to `o`.
fn digit_of(number: u64) -> u8 {
    b'0' + (number % 64) as u8
}

fn push(text: &mut String, number: u64, digits: usize) {
    text.extend((0..digits).rev().map(|digit| char::from(digit_of(number >> (6 * digit)))));
}

fn value(digits: &[u8]) -> Option<u32> {
    let (value, wrong) = digits.iter().fold((0, 0), |(value, wrong), byte| {
        let digit = byte.wrapping_sub(b'0');
        (value << 6 | u32::from(digit), wrong | digit)
    });
    (wrong < 64).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{MAX_NAME, Name, Text};

    #[test]
    fn what_is_said_can_be_read_and_nothing_else() {
        let mark = Mark::random();
        for id in [Id { sender: 0, number: 0 }, Id { sender: MAX_SENDERS - 1, number: (1 << 30) - 1 }] {
            for size in [MIN_SIZE, 64] {
                let text = mark.text(id, size);
                assert_eq!(text.len(), size);
                assert!(Text::new(&text).is_ok());
                assert_eq!(mark.read(&text, size), Some(id));
                assert_eq!(mark.read(&text, size + 1), None, "a text was cut");
                assert_eq!(Mark(*b"another1").read(&text, size), None);
            }
        }
        for strange in ["", "hola", "otro texto que es de longitud justa"] {
            assert_eq!(mark.read(strange, strange.len()), None);
        }
        let bad_digit = mark.text(Id { sender: 1, number: 1 }, MIN_SIZE).replace('0', "~");
        assert_eq!(mark.read(&bad_digit, MIN_SIZE), None);
    }

    #[test]
    fn a_participant_has_a_name() {
        let name = Mark::random().name(999_999);
        assert!(Name::new(&name).is_ok() && name.len() <= MAX_NAME);
        assert_ne!(name, Mark::random().name(999_999));
    }
}
