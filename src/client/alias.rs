//! How a name is shown, so that nobody can pass for the interface.
//!
//! What the client itself says begins with `Tú: `, with `>>> `, or with words. A name
//! has no space, so no name alone can be those words; but a few names could be taken
//! for one of the two signs. They are shown between quotes, «Tú» say, and so is what no
//! name of this version can be: it may have characters that look like a space.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::skeleton;

use super::render::text_prompt;
use crate::lang::Language;
use crate::proto::Name;
use crate::safe::safe;

/// The name, safe to show, and between quotes if it could be taken for what it is not.
pub(super) fn shown(language: Language, name: &str) -> String {
    let safe = safe(name);
    if is_confusable(language, name) { format!("«{safe}»") } else { safe.into_owned() }
}

fn is_confusable(language: Language, name: &str) -> bool {
    let looks = looks(name);
    looks == self::looks(text_prompt(language).trim_end_matches([':', ' ']))
        || looks.starts_with(['>', '«', '»'])
        || Name::new(name).is_err()
}

/// What an eye takes a name for: look-alikes as one (UTS #39), in one case, without
/// accents.
fn looks(name: &str) -> String {
    let plain = |c: &char| c.general_category_group() != GeneralCategoryGroup::Mark;
    skeleton(name).filter(plain).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_the_interface_is_quoted() {
        for name in [
            "Tú",
            "tu",
            "TÚ",
            "Tu\u{301}",
            "Тú",
            "Ｔú",
            ">>>",
            ">",
            "＞＞＞",
            "›››",
            "»",
            "«Tú»",
            "T\u{200b}ú",
            "sin\u{a0}entregar",
        ] {
            assert_eq!(shown(Language::Spanish, name), format!("«{}»", safe(name)), "{name}");
        }
    }

    #[test]
    fn the_word_for_oneself_is_that_of_the_language() {
        assert_eq!((shown(Language::English, "yOU"), shown(Language::English, "Tú")), ("«yOU»".into(), "Tú".into()));
        assert_eq!(shown(Language::Spanish, "You"), "You");
    }

    #[test]
    fn other_names_are_shown_as_they_are() {
        for name in ["Ana", "Tula", "Tú2", "a>b", "Tobías", "漢字", "-"] {
            assert_eq!(shown(Language::Spanish, name), name);
        }
    }
}
