//! `charla-check class`: many submissions, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use charla::check::corpus::{Corpus, Selection};
use charla::check::program::{Program, Template};
use charla::check::report::class::{self, Submission};
use charla::check::report::html;
use charla::check::run::Plan;
use clap::Args;

use super::{START, Stop, USAGE, cannot_write, end_with_us, print, put, selected};

/// `charla-check class`
#[derive(Args)]
pub(super) struct Class {
    /// La carpeta de las entregas
    folder: PathBuf,
    /// Cómo iniciar el servidor de una entrega, en su carpeta: «python3 servidor.py {port}»
    #[arg(long, value_name = "PROGRAMA")]
    server: String,
    /// Dónde escribir index.html, class.csv y una página por entrega
    #[arg(long, value_name = "CARPETA", default_value = "informe", hide_default_value = true)]
    out: PathBuf,
    /// Solo estos casos: un nombre o parte de él; se puede repetir
    #[arg(long, value_name = "CASO")]
    filter: Vec<String>,
    /// Cuántos casos a la vez (4)
    #[arg(long, value_name = "N", default_value_t = 4, hide_default_value = true)]
    jobs: usize,
    /// Por cuánto se multiplica toda espera (0.2)
    #[arg(long, value_name = "N", default_value_t = 0.2, hide_default_value = true, value_parser = super::scale)]
    timeout_scale: f64,
    /// Cuántos segundos hay para los casos de cada entrega (600)
    #[arg(long, value_name = "SEGUNDOS", default_value_t = 600, hide_default_value = true)]
    limit: u32,
}

impl Class {
    /// Whether all submissions conform. One that hangs, forks or floods its output does not
    /// harm the next: each is ended with its whole group.
    pub(super) fn check(&self, corpus: &Corpus) -> Result<bool, Stop> {
        let words = shell_words::split(&self.server)
            .ok()
            .filter(|words| !words.is_empty())
            .ok_or_else(|| Stop(USAGE, format!("«{}» no es un programa con sus argumentos", self.server)))?;
        let items = selected(corpus, &Selection { filter: self.filter.clone(), ..Selection::default() })?;
        let folders = subfolders(&self.folder, &self.out)?;
        fs::create_dir_all(&self.out).map_err(|error| cannot_write(&self.out, &error))?;
        end_with_us()?;
        let mut submissions = Vec::new();
        for (folder, number) in folders.into_iter().zip(1..) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let run = self.plan(&words, &folder).run_if_reached(corpus, &items, START, |_| {});
            let mut submission = Submission { name, page: format!("{number}.html"), run };
            put(&self.out.join(&submission.page), &html::page(&submission.run, &corpus.clauses))?;
            let sign = if submission.conforms() { "✓" } else { "✗" };
            print(&format!("{sign} {}\n", charla::safe::safe(&submission.name)));
            // Its page has them; those of a whole class could be too many to hold.
            submission.run.cases.iter_mut().for_each(|case| case.log.clear());
            submissions.push(submission);
        }
        put(
            &self.out.join("index.html"),
            &class::page(&self.folder.display().to_string(), &submissions, &corpus.clauses),
        )?;
        put(&self.out.join("class.csv"), &class::csv(&submissions, &corpus.clauses))?;
        Ok(submissions.iter().all(Submission::conforms))
    }

    fn plan(&self, words: &[String], folder: &Path) -> Plan {
        let name = format!("{}: {}", folder.display(), self.server);
        let path = folder.to_string_lossy();
        let place = shell_words::quote(&path);
        Plan {
            program: Program::Started(Template { words: words.to_vec(), folder: Some(folder.to_owned()) }),
            jobs: self.jobs,
            timeout_scale: self.timeout_scale,
            known: BTreeMap::new(),
            strict: false,
            until: Some(Instant::now() + Duration::from_secs(self.limit.into())),
            name,
            again: format!("cd {place} && charla-check server --filter {{case}} -- {}", self.server),
        }
    }
}

/// The submissions of a class, by name: every folder but hidden ones and that of the reports.
fn subfolders(folder: &Path, out: &Path) -> Result<Vec<PathBuf>, Stop> {
    let out = fs::canonicalize(out).ok();
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let is_out = |path: &Path| out.is_some() && fs::canonicalize(path).ok() == out;
    let cannot_read = |error| Stop(USAGE, format!("no se puede leer {} ({error})", folder.display()));
    let entries = fs::read_dir(folder).map_err(cannot_read)?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir() && !is_hidden(path) && !is_out(path)).collect();
    folders.sort();
    if folders.is_empty() {
        return Err(Stop(USAGE, format!("{} no tiene subcarpetas: cada una es una entrega", folder.display())));
    }
    Ok(folders)
}
