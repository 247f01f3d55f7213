//! Section 7: a server with a queue of bytes for each client, as one would first write it.

use super::{Asked, judge, lines, names};

/// A server, and all who have ever come to it.
#[derive(Debug, Default)]
pub struct Server {
    minds_other_protocols: bool,
    visitors: Vec<Visitor>,
    /// Who is in the room, in the order of joining.
    present: Vec<usize>,
    /// How many events there were, and how many bytes they have.
    events: usize,
    log: usize,
}

/// One connection.
#[derive(Debug, Default)]
pub struct Visitor {
    /// What came behind the last LF.
    unread: Vec<u8>,
    /// Whether a line has come.
    opened: bool,
    name: String,
    sent: Vec<u8>,
    ended: bool,
}

impl Server {
    /// One that refuses at once what opens with another protocol (\[LINE-13\]).
    pub fn that_minds_other_protocols() -> Server {
        Server { minds_other_protocols: true, ..Server::default() }
    }

    /// A connection, by its number.
    pub fn connect(&mut self) -> usize {
        self.visitors.push(Visitor::default());
        self.visitors.len() - 1
    }

    /// These bytes come from it.
    pub fn input(&mut self, who: usize, bytes: &[u8]) {
        let input = [&self.visitors[who].unread, bytes].concat();
        if self.minds_other_protocols && !self.visitors[who].opened && is_foreign(&input) {
            self.end(who, Some("bad-line"));
        }
        for line in lines(&input) {
            self.visitors[who].opened = true;
            self.act(who, line);
        }
        self.visitors[who].unread = input.split(|&octet| octet == b'\n').next_back().unwrap_or_default().to_vec();
    }

    /// Ends a connection: `BYE` with this code, or nothing where none is to come.
    pub fn end(&mut self, who: usize, code: Option<&str>) {
        if std::mem::replace(&mut self.visitors[who].ended, true) {
            return;
        }
        if self.is_present(who) {
            self.present.retain(|&other| other != who);
            self.tell_all(&format!("LEAVE {}\n", self.visitors[who].name));
        }
        self.tell(who, &code.map_or_else(String::new, |code| format!("BYE {code}\n")));
    }

    /// The server stops.
    pub fn shut_down(&mut self) {
        self.present.clear();
        for who in 0..self.visitors.len() {
            self.end(who, Some("shutdown"));
        }
    }

    /// Ends whoever has given no name.
    pub fn time_out(&mut self) {
        for who in 0..self.visitors.len() {
            if !self.is_present(who) {
                self.end(who, Some("timeout"));
            }
        }
    }

    /// All that was ever sent to it.
    pub fn sent(&self, who: usize) -> &[u8] {
        &self.visitors[who].sent
    }

    /// Whether its ending is decided.
    pub fn has_ended(&self, who: usize) -> bool {
        self.visitors[who].ended
    }

    /// Whether it is in the room.
    pub fn is_present(&self, who: usize) -> bool {
        self.present.contains(&who)
    }

    /// How many are in the room.
    pub fn participants(&self) -> usize {
        self.present.len()
    }

    /// How many events there were.
    pub fn events(&self) -> usize {
        self.events
    }

    /// The bytes of the events.
    pub fn log(&self) -> usize {
        self.log
    }

    /// Its name, once it has joined.
    pub fn name(&self, who: usize) -> &str {
        &self.visitors[who].name
    }

    /// Who is in the room under this name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.present.iter().copied().find(|&who| self.visitors[who].name == name)
    }

    fn act(&mut self, who: usize, line: Option<&[u8]>) {
        if self.visitors[who].ended {
            return;
        }
        match judge(line, self.is_present(who)) {
            Ok(Asked::Nothing) => {}
            Ok(Asked::Join(name)) if self.is_taken(name) => self.end(who, Some("name-taken")),
            Ok(Asked::Join(name)) => self.join(who, name),
            Ok(Asked::Say(text)) => self.tell_all(&format!("MSG {} {text}\n", self.visitors[who].name)),
            Ok(Asked::Leave) => self.end(who, Some("quit")),
            Err(code) => self.end(who, Some(code)),
        }
    }

    fn is_taken(&self, name: &str) -> bool {
        self.present.iter().any(|&other| names::key(&self.visitors[other].name) == names::key(name))
    }

    fn join(&mut self, who: usize, name: &str) {
        let roster: String =
            self.present.iter().map(|&other| format!("JOIN {}\n", self.visitors[other].name)).collect();
        self.tell(who, &roster);
        name.clone_into(&mut self.visitors[who].name);
        self.present.push(who);
        self.tell_all(&format!("JOIN {name}\n"));
    }

    fn tell_all(&mut self, line: &str) {
        self.events += 1;
        self.log += line.len();
        for who in self.present.clone() {
            self.tell(who, line);
        }
    }

    fn tell(&mut self, who: usize, line: &str) {
        self.visitors[who].sent.extend_from_slice(line.as_bytes());
    }
}

/// \[LINE-13\]
fn is_foreign(opening: &[u8]) -> bool {
    let methods = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PRI", "PUT", "TRACE"];
    opening.starts_with(b"\x16\x03")
        || methods.iter().any(|method| opening.starts_with(format!("{method} ").as_bytes()))
}
