//! A list of cases that are known to fail, each with its reason.
//!
//! One that passes after all is an error: the list is to tell the truth.

use std::collections::BTreeMap;

use crate::lang::Words;

/// Reads a list: a case's id, `#` and the reason on each line; empty lines and lines that
/// begin with `#` mean nothing.
///
/// ```
/// let list = charla::check::run::known::parse("an-id  # not done yet\n").unwrap();
/// assert_eq!(list["an-id"], "not done yet");
/// ```
///
/// # Errors
/// A line without a reason, or an id that comes twice: where, and what to do.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, Words> {
    let mut known = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (id, reason) = line.split_once('#').map_or((line, ""), |(id, reason)| (id.trim(), reason.trim()));
        if reason.is_empty() {
            return Err(wrong("check-known-without-reason", number, id));
        }
        if known.insert(id.to_owned(), reason.to_owned()).is_some() {
            return Err(wrong("check-known-twice", number, id));
        }
    }
    Ok(known)
}

fn wrong(key: &'static str, line: usize, id: &str) -> Words {
    Words::new(key, [("line", line.to_string().into()), ("id", id.into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Language;

    #[test]
    fn each_has_a_reason_and_stands_once() {
        assert!(parse("a # x\n\n# comment\nb # y # z\n").is_ok_and(|known| known.len() == 2 && known["b"] == "y # z"));
        assert!(parse("a\n").unwrap_err().in_language(Language::English).contains("line 1"));
        assert!(parse("a # x\na # y\n").unwrap_err().in_language(Language::English).contains("line 2"));
    }
}
