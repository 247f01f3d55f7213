//! What was done and heard in the whole soak.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

use super::Result;
use super::common::http::Metrics;
use super::host::{Host, Rest};

/// The codes that only who keeps reading gets, so that each was heard.
const HEARD: [&str; 6] = ["bad-line", "bad-state", "name-invalid", "name-taken", "timeout", "too-long"];

#[derive(Default)]
pub(super) struct Tally {
    clients: Cell<u64>,
    texts: Cell<u64>,
    deliveries: Cell<u64>,
    /// How often a connection ended with each code, or in each other way.
    endings: RefCell<BTreeMap<String, u64>>,
}

impl Tally {
    pub(super) fn come(&self) {
        self.clients.set(self.clients.get() + 1);
    }

    pub(super) fn say(&self) {
        self.texts.set(self.texts.get() + 1);
    }

    pub(super) fn hear(&self, lines: u64) {
        self.deliveries.set(self.deliveries.get() + lines);
    }

    pub(super) fn end(&self, how: &str) {
        *self.endings.borrow_mut().entry(how.to_owned()).or_default() += 1;
    }

    /// The server has refused just as many as were told so, and has refused in every way that the clients provoke.
    pub(super) fn agrees_with(&self, metrics: &Metrics) -> Result<()> {
        let of_server = |code: &str| metrics[&format!("charla_byes_total{{code=\"{code}\"}}")];
        for code in HEARD {
            let (told, heard) = (of_server(code), self.endings.borrow().get(code).copied().unwrap_or_default());
            if told != heard || heard == 0 {
                return Err(format!("the server told {told} of {code}, and {heard} heard it"));
            }
        }
        if of_server("too-slow") == 0 {
            return Err("nobody was too slow: this load is none for this machine".to_owned());
        }
        Ok(())
    }

    pub(super) fn report(&self, host: &Host, (fresh, rest): (&Rest, &Rest), warm: u64) -> Result<String> {
        let (memory, metrics) = (host.memory()?, host.metrics());
        let endings: Vec<_> = self.endings.borrow().iter().map(|(how, count)| format!("{how} {count}")).collect();
        Ok(format!(
            "clients      {}\ntexts        {}\ndeliveries   {}\nendings      {}\n\
             memory       {warm} KiB at the beginning, {} at the end, {} at most\n\
             tasks        {} at the beginning, {} at the end\n\
             descriptors  {} at the beginning, {} at the end\n\
             server       {} s of CPU",
            self.clients.get(),
            self.texts.get(),
            self.deliveries.get(),
            endings.join(", "),
            memory.now,
            memory.most,
            fresh.tasks,
            rest.tasks,
            fresh.descriptors,
            rest.descriptors,
            metrics["process_cpu_seconds_total"],
        ))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { clients, texts, deliveries, .. } = self;
        write!(f, "{} clients, {} texts, {} deliveries", clients.get(), texts.get(), deliveries.get())
    }
}
