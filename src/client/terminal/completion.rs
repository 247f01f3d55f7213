//! The key Tab: it completes a name or a command, the next one each time, and is a
//! space where there is nothing to complete.

use std::sync::{Arc, Mutex, PoisonError};

use super::command;
use super::people::People;
use crate::safe::safe;

pub(super) struct Completion {
    people: Arc<Mutex<People>>,
    own: Option<Cycle>,
}

/// What the last Tab did: while the line stands so, the next one goes on with it.
struct Cycle {
    line: String,
    start: usize,
    /// What can stand there; first what does.
    choices: Vec<String>,
}

impl Completion {
    pub(super) fn new(people: Arc<Mutex<People>>) -> Completion {
        Completion { people, own: None }
    }

    /// What a Tab at this byte of the line puts there, and from which byte on.
    pub(super) fn tab(&mut self, line: &str, at: usize) -> (usize, String) {
        let (before, after) = line.split_at_checked(at).unwrap_or((line, ""));
        let cycle = match self.own.take() {
            Some(mut cycle) if cycle.line == line && cycle.end() == at => {
                cycle.choices.rotate_left(1);
                Some(cycle)
            }
            _ => self.begin(before),
        };
        let Some(mut cycle) = cycle else { return (at, " ".to_owned()) };
        let choice = cycle.choices.first().cloned().unwrap_or_default();
        cycle.line = [before.get(..cycle.start).unwrap_or_default(), &choice, after].concat();
        let start = cycle.start;
        self.own = Some(cycle);
        (start, choice)
    }

    fn begin(&self, before: &str) -> Option<Cycle> {
        let start = before.rfind([' ', '\n']).map_or(0, |space| space + 1);
        let choices = self.choices(before.get(start..)?, before.get(..start)?);
        (!choices.is_empty()).then(|| Cycle { line: String::new(), start, choices })
    }

    /// Commands at the very beginning; names, as one addresses someone at the
    /// beginning of a line, and bare inside it.
    fn choices(&self, word: &str, before: &str) -> Vec<String> {
        if word.is_empty() {
            return Vec::new();
        }
        if before.is_empty() && word.starts_with('/') {
            return command::WORDS
                .iter()
                .filter(|known| known.starts_with(word))
                .map(|&known| known.to_owned())
                .collect();
        }
        let end = if before.is_empty() || before.ends_with('\n') { ": " } else { "" };
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        // A name that would not be safe on the screen is none to be typed.
        let names = people.beginning_with(word).into_iter().filter(|name| safe(name) == name.as_str());
        names.map(|name| name + end).collect()
    }
}

impl Cycle {
    /// Where the cursor stands behind what was put there.
    fn end(&self) -> usize {
        self.start + self.choices.first().map_or(0, String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Event;

    /// Tabs at the end of the line, or where the mark `|` stands.
    fn tabs(line: &str, times: usize) -> String {
        let roster = ["Carlos", "Carla", "Eva", "a\u{202e}b"].map(str::to_owned).to_vec();
        let mut people = People::default();
        people.enter(&roster, "Ana");
        people.take(&Event::Msg { name: "Carla".to_owned(), text: "a".to_owned() });
        let mut completion = Completion::new(Arc::new(Mutex::new(people)));
        let (before, after) = line.split_once('|').unwrap_or((line, ""));
        let (mut at, mut line) = (before.len(), [before, after].concat());
        for _ in 0..times {
            let (start, choice) = completion.tab(&line, at);
            line.replace_range(start..at, &choice);
            at = start + choice.len();
        }
        line.insert(at, '|');
        line
    }

    #[test]
    fn a_name_is_addressed_at_the_beginning_and_bare_inside() {
        assert_eq!(tabs("ev", 1), "Eva: |");
        assert_eq!(tabs("hola ev|, ¿qué tal?", 1), "hola Eva|, ¿qué tal?");
        assert_eq!(tabs("uno\nev", 1), "uno\nEva: |");
    }

    #[test]
    fn each_further_tab_gives_the_next() {
        let given: Vec<_> = (1..=3).map(|times| tabs("car", times)).collect();
        assert_eq!(given, ["Carla: |", "Carlos: |", "Carla: |"]);
    }

    #[test]
    fn commands_are_completed_at_the_beginning_only() {
        assert_eq!(tabs("/qui", 1), "/quien|");
        assert_eq!(tabs("/", 2), "/quien|");
        assert_eq!(tabs("a /q", 1), "a /q |");
    }

    #[test]
    fn with_nothing_to_complete_a_tab_is_a_space() {
        assert_eq!(tabs("", 1), " |");
        assert_eq!(tabs("x|y", 2), "x  |y");
        assert_eq!(tabs("Eva ", 1), "Eva  |");
        assert_eq!(tabs("a\u{202e}", 1), "a\u{202e} |", "a name that reorders is not typed");
    }
}
