//! `charla-check class`: many submissions, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use charla::check::play::program::{Program, Template};
use charla::check::report::class::{self, Submission};
use charla::check::report::html;
use charla::check::run::corpus::{Corpus, Selection};
use charla::check::run::result::Run;
use charla::check::run::{Plan, Scale};
use charla::lang::{Language, Words};
use clap::Args;

use super::options::scale;
use super::{Person, START, Stop, USAGE, cannot_read, cannot_write, end_with_us, print, put, selected, split};

/// `charla-check class`
#[derive(Args)]
pub(super) struct Class {
    #[arg(value_name = "folder")]
    folder: PathBuf,
    #[arg(long, value_name = "program", required_unless_present = "client")]
    server: Option<String>,
    #[arg(long, value_name = "program", conflicts_with = "server")]
    client: Option<String>,
    #[command(flatten)]
    person: Person,
    #[arg(long, value_name = "folder", default_value = "informe", hide_default_value = true)]
    out: PathBuf,
    #[arg(long, value_name = "case")]
    filter: Vec<String>,
    #[arg(long, value_name = "case")]
    skip: Vec<String>,
    #[arg(long, value_name = "clause")]
    clause: Vec<String>,
    #[arg(long)]
    strict: bool,
    #[arg(long, value_name = "count", default_value_t = 4, hide_default_value = true)]
    jobs: usize,
    #[arg(long, value_name = "scale", default_value_t = 1.0, hide_default_value = true, value_parser = scale)]
    timeout_scale: f64,
    #[arg(long, value_name = "seconds", default_value_t = 600, hide_default_value = true)]
    limit: u32,
}

/// What is done with the folder of a submission.
type Check<'a> = Box<dyn Fn(&Path) -> Run + 'a>;

impl Class {
    /// Whether all submissions conform. One that hangs, forks or floods its output does not
    /// harm the next: each is ended with its whole group.
    pub(super) fn check(&self, corpus: &Corpus, language: Language) -> Result<bool, Stop> {
        let check = self.how(corpus)?;
        let folders = subfolders(&self.folder, &self.out)?;
        fs::create_dir_all(&self.out).map_err(|error| cannot_write(&self.out, &error))?;
        end_with_us()?;
        let mut submissions = Vec::new();
        for (folder, number) in folders.into_iter().zip(1..) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let run = check(&folder);
            let mut submission = Submission { name, page: format!("{number}.html"), run };
            put(&self.out.join(&submission.page), &html::page(&submission.run, &corpus.clauses, language))?;
            let sign = if submission.conforms() { "✓" } else { "✗" };
            print(&format!("{sign} {}\n", charla::safe::safe(&submission.name)));
            // Its page has them; those of a whole class could be too many to hold.
            submission.run.cases.iter_mut().for_each(|case| case.log.clear());
            submissions.push(submission);
        }
        put(
            &self.out.join("index.html"),
            &class::page(&self.folder.display().to_string(), &submissions, &corpus.clauses, language),
        )?;
        put(&self.out.join("class.csv"), &class::csv(&submissions, &corpus.clauses))?;
        Ok(submissions.iter().all(Submission::conforms))
    }

    fn how<'a>(&'a self, corpus: &'a Corpus) -> Result<Check<'a>, Stop> {
        let selection = Selection {
            filter: self.filter.clone(),
            skip: self.skip.clone(),
            clauses: self.clause.clone(),
            without_tls: true,
        };
        if let Some(server) = &self.server {
            let (words, items) = (split(server)?, selected(&corpus.items, &selection)?);
            return Ok(Box::new(move |folder| {
                let program =
                    Program::Started(Template { words: words.clone(), folder: Some(folder.to_owned()) }, None);
                let plan = self.plan(program, folder, "server", server);
                plan.run_if_reached(corpus, &items, START, |_| {})
            }));
        }
        let client = self.client.as_deref().unwrap_or_default();
        let (client_in, items) = (self.person.at(&split(client)?, None)?, selected(&corpus.clients, &selection)?);
        Ok(Box::new(move |folder| {
            let mut program = client_in.clone();
            program.program.folder = Some(folder.to_owned());
            let plan = self.plan(program, folder, &format!("client {}", self.person.words()), client);
            plan.run_if_reached(corpus, &items, START, |_| {})
        }))
    }

    fn plan<T>(&self, target: T, folder: &Path, how: &str, command: &str) -> Plan<T> {
        let path = folder.to_string_lossy();
        let place = shell_words::quote(&path);
        Plan {
            target,
            jobs: self.jobs,
            scale: Scale(self.timeout_scale),
            known: BTreeMap::new(),
            strict: self.strict,
            until: Some(Instant::now() + Duration::from_secs(self.limit.into())),
            name: format!("{}: {command}", folder.display()),
            again: format!("cd {place} && charla-check {} --filter {{case}} -- {command}", how.trim_end()),
        }
    }
}

/// The submissions of a class, by name: every folder but hidden ones and that of the reports.
fn subfolders(folder: &Path, out: &Path) -> Result<Vec<PathBuf>, Stop> {
    let out = fs::canonicalize(out).ok();
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let is_out = |path: &Path| out.is_some() && fs::canonicalize(path).ok() == out;
    let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir() && !is_hidden(path) && !is_out(path)).collect();
    folders.sort();
    if folders.is_empty() {
        return Err(Stop(USAGE, Words::new("check-no-submissions", [("folder", folder.display().to_string().into())])));
    }
    Ok(folders)
}
