//! What names look like (SPEC.md, "Look-alikes").

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::Name;
use super::name::fold;

/// What names that look alike have in common: the skeleton of UTS #39, folded as a key is.
///
/// It is computed from the name as it was given: `I` looks like `l`, and `i`, which its key
/// has in its place, does not.
///
/// ```
/// use charla::proto::{Name, Skeleton};
/// let (ana, cyrillic) = (Name::new("Ana")?, Name::new("Аnа")?);
/// assert_ne!(ana.key(), cyrillic.key());
/// assert_eq!(Skeleton::of(&ana), Skeleton::of(&cyrillic));
/// # Ok::<(), charla::proto::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Skeleton(Arc<str>);

impl Skeleton {
    /// What this name looks like.
    #[must_use]
    pub fn of(name: &Name) -> Skeleton {
        let looks = name.as_str().nfd().fold(String::new(), with_prototype);
        Skeleton(fold(&looks).into())
    }
}

/// Adds what a character looks like. Only in some letters `m` looks like `rn`, so it stays; what
/// looks like it becomes it.
fn with_prototype(mut looks: String, c: char) -> String {
    let before = looks.len();
    looks.extend(skeleton(c.encode_utf8(&mut [0; 4])));
    if looks.get(before..) == Some("rn") {
        looks.truncate(before);
        looks.push('m');
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &str, b: &str) -> bool {
        let of = |name| Skeleton::of(&Name::new(name).unwrap());
        of(a) == of(b)
    }

    /// [NAME-10]
    #[test]
    fn look_alikes_have_one_skeleton() {
        for (a, b) in [
            ("Ana", "Аnа"),
            ("Luis", "Iuis"),
            ("LUIS", "LUlS"),
            ("Carlos", "CarIos"),
            ("Carlos", "Carl0s"),
            ("José", "JOSE\u{301}"),
            ("Zoe", "Ｚoe"),
            ("Tom", "To\u{11700}"),
            ("op", "ορ"),
        ] {
            assert!(alike(a, b), "{a} {b}");
        }
    }

    #[test]
    fn what_an_eye_tells_apart_has_two() {
        for (a, b) in [("Tom", "Torn"), ("mama", "marna"), ("José", "Jose"), ("Ana", "Ane"), ("u10", "u11"), ("ñ", "n")]
        {
            assert!(!alike(a, b), "{a} {b}");
        }
    }
}
