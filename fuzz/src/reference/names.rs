//! Section 5: which names there are, and their keys.

use unicode_normalization::UnicodeNormalization;

use super::MAX_NAME;

/// The key of a name; `None` where it is none.
pub fn key(name: &str) -> Option<String> {
    if !keeps_the_rules(name) {
        return None;
    }
    let folds: Vec<_> = std::iter::successors(Some(fold(name)), |last| Some(fold(last))).take(4).collect();
    let key = (0..3).find(|&n| folds[n] == folds[n + 1]).map(|n| folds[n].clone());
    key.filter(|key| keeps_the_rules(key))
}

fn fold(s: &str) -> String {
    s.to_lowercase().nfkc().collect()
}

fn keeps_the_rules(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(|c| is_hidden(u32::from(c)))
}

/// \[NAME-1\], \[NAME-2\]
fn is_hidden(c: u32) -> bool {
    let general_categories: [&[(u32, u32)]; 4] = [CC, CF, ZS, ZL_ZP];
    general_categories.into_iter().chain([INVISIBLE]).flatten().any(|&(first, last)| first <= c && c <= last)
}

const CC: &[(u32, u32)] = &[(0x00, 0x1F), (0x7F, 0x9F)];

const ZS: &[(u32, u32)] = &[
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
];

const ZL_ZP: &[(u32, u32)] = &[(0x2028, 0x2029)];

const CF: &[(u32, u32)] = &[
    (0xAD, 0xAD),
    (0x600, 0x605),
    (0x61C, 0x61C),
    (0x6DD, 0x6DD),
    (0x70F, 0x70F),
    (0x890, 0x891),
    (0x8E2, 0x8E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
];

const INVISIBLE: &[(u32, u32)] = &[
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
];
