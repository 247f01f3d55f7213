//! SPEC.md as data: its clauses, and its worked dialogues as cases.
//!
//! A clause is a list item `- **[ROOM-3]** A server MUST …`; a dialogue is a block
//! fenced with three backticks and `chat`, in the notation of the fixtures.

use super::{Case, CaseError, Level};

/// A normative sentence of SPEC.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its permanent id, such as `ROOM-3`.
    pub id: String,
    /// How strongly it asks.
    pub level: Level,
    /// The sentence.
    pub text: String,
}

/// All clauses, in the order of the text.
#[must_use]
pub fn clauses(spec: &str) -> Vec<Clause> {
    spec.lines().filter_map(clause).collect()
}

fn clause(line: &str) -> Option<Clause> {
    let (id, text) = line.strip_prefix("- **[")?.split_once("]** ")?;
    let has = |word| text.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part == word);
    let level = if has("MUST") {
        Level::Must
    } else if has("SHOULD") {
        Level::Should
    } else {
        Level::May
    };
    Some(Clause { id: id.to_owned(), level, text: text.to_owned() })
}

/// All dialogues, in the order of the text; the id of each is `spec-` and the words of its title.
///
/// # Errors
/// The first mistake in one of them, with its line in SPEC.md.
pub fn dialogues(spec: &str) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    let mut lines = spec.lines().zip(1..);
    while lines.by_ref().any(|(line, _)| line == "```chat") {
        let block: Vec<_> = lines.by_ref().take_while(|(line, _)| *line != "```").collect();
        let first_line = block.first().map_or(1, |(_, number)| *number);
        let text: String = block.iter().flat_map(|(line, _)| [line, "\n"]).collect();
        let mut case = Case::parse_at("", &text, first_line)?;
        case.id = format!("spec-{}", slug(&case.title));
        cases.push(case);
    }
    Ok(cases)
}

/// A title as an id: its words in lower case, with hyphens between.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_have_an_id_and_a_level() {
        let spec =
            "# [x-1]\n- **[x-4]** A server MUST NOT err [x-2].\n- **[x-2]** It SHOULD.\n- **[x-3]** It MAY.\n- no\n";
        let found: Vec<_> = clauses(spec).into_iter().map(|c| (c.id, c.level)).collect();
        let expected = [("x-4", Level::Must), ("x-2", Level::Should), ("x-3", Level::May)];
        assert_eq!(found, expected.map(|(id, level)| (id.to_owned(), level)));
    }

    #[test]
    fn dialogues_know_their_lines() {
        let spec = "x\n```chat\ntitle: It's a test\nclauses: x-1\n\nAna> BYE\n```\n```abnf\nAna> x\n```\n";
        let cases = dialogues(spec).unwrap();
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].id.as_str(), cases[0].steps[0].line), ("spec-it-s-a-test", 6));
        assert_eq!(dialogues("\n```chat\ntitle: a\nclauses: x-1\n\nAna").unwrap_err().line, 6);
    }
}
