//! Who is in the room, in the order in which they joined, and who spoke last.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::Event;

#[derive(Debug, Default)]
pub(super) struct People {
    names: Vec<String>,
    own: String,
    /// The number of what each said last, of all that was said.
    last: HashMap<String, u64>,
    said: u64,
}

impl People {
    /// One has come in under this name, where these are.
    pub(super) fn enter(&mut self, roster: &[String], own: &str) {
        *self = People { names: roster.to_vec(), own: own.to_owned(), ..People::default() };
    }

    /// Takes in what an event tells about who is there.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Join(name) => self.names.push(name.clone()),
            Event::Leave(name) => {
                self.names.retain(|there| there != name);
                self.last.remove(name);
            }
            Event::Msg { name, .. } => {
                self.said += 1;
                self.last.insert(name.clone(), self.said);
            }
            Event::Joined | Event::Receipt { .. } => {}
        }
    }

    /// The others whose names begin so, in whatever case: who spoke last comes first.
    pub(super) fn beginning_with(&self, typed: &str) -> Vec<String> {
        let typed = typed.to_lowercase();
        let is_meant = |name: &str| name != self.own && name.to_lowercase().starts_with(&typed);
        let mut found: Vec<_> = self.names.iter().filter(|name| is_meant(name)).collect();
        found.sort_by_key(|&name| Reverse(self.last.get(name)));
        found.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(roster: &[&str], events: &[Event]) -> People {
        let mut people = People::default();
        people.enter(&[roster, &["Ana"]].concat().iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "Ana");
        for event in events {
            people.take(event);
        }
        people
    }

    fn says(name: &str) -> Event {
        Event::Msg { name: name.to_owned(), text: "a".to_owned() }
    }

    #[test]
    fn who_comes_is_last_and_who_goes_is_gone() {
        let people = people(&["Luis", "Leandro"], &[Event::Join("Leo".to_owned()), Event::Leave("Luis".to_owned())]);
        assert_eq!(people.beginning_with("l"), ["Leandro", "Leo"]);
    }

    #[test]
    fn who_spoke_last_comes_first_and_case_does_not_count() {
        let roster = ["Carla", "carlos", "Cármen", "Eva", "Carmelo"];
        let people = people(&roster, &[says("Eva"), says("Carla"), says("carlos")]);
        assert_eq!(people.beginning_with("CAR"), ["carlos", "Carla", "Carmelo"]);
        assert_eq!(people.beginning_with("cár"), ["Cármen"]);
        assert!(people.beginning_with("x").is_empty() && people.beginning_with("ana").is_empty());
    }

    #[test]
    fn who_left_and_came_again_has_not_spoken() {
        let again = [says("Elsa"), Event::Leave("Elsa".to_owned()), Event::Join("Elsa".to_owned())];
        assert_eq!(people(&["Eva", "Elsa"], &again).beginning_with("e"), ["Eva", "Elsa"]);
    }
}
