//! What the checks of a server and of a client have in common: which cases, how long, and
//! where the result goes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use charla::check::report::{html, json, junit, tap, text};
use charla::check::run::corpus::{Corpus, Item, Selection};
use charla::check::run::result::Run;
use charla::check::run::{Plan, Scale, Target};
use charla::check::run::{known, watch};
use charla::cli::BadValue;
use charla::lang::{Language, Words};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{START, Stop, UNREACHED, USAGE, cannot_read, end_with_us, print, put, selected};

#[derive(Args)]
pub(super) struct Options {
    #[arg(long, value_name = "case")]
    filter: Vec<String>,
    #[arg(long, value_name = "case")]
    skip: Vec<String>,
    #[arg(long, value_name = "clause")]
    clause: Vec<String>,
    #[arg(long, value_name = "count", default_value_t = 4, hide_default_value = true)]
    jobs: usize,
    #[arg(long, value_name = "scale", default_value_t = 1.0, hide_default_value = true, value_parser = scale)]
    timeout_scale: f64,
    #[arg(long, value_name = "file")]
    known_failing: Option<PathBuf>,
    #[arg(long)]
    strict: bool,
    #[arg(long)]
    watch: bool,
    #[arg(long, value_name = "file")]
    json: Option<PathBuf>,
    #[arg(long, value_name = "file")]
    report: Option<PathBuf>,
    #[arg(long, value_name = "file")]
    junit: Option<PathBuf>,
    #[arg(long, value_name = "file")]
    tap: Option<PathBuf>,
}

/// More than nought, up to 100.
pub(super) fn scale(given: &str) -> Result<f64, BadValue> {
    given.parse().ok().filter(|&scale| scale > 0.0 && scale <= 100.0).ok_or(BadValue)
}

impl Options {
    /// How a run against this program is made.
    pub(super) fn plan<T>(&self, target: T, name: String, again: String) -> Result<Plan<T>, Stop> {
        let known = match &self.known_failing {
            Some(file) => read_known(file)?,
            None => BTreeMap::new(),
        };
        let (jobs, scale) = (self.jobs, Scale(self.timeout_scale));
        Ok(Plan { target, jobs, scale, known, strict: self.strict, until: None, name, again })
    }

    /// Whether the program conforms.
    pub(super) fn check<T: Target>(
        &self,
        corpus: &Corpus,
        items: &[Item<T::Action>],
        plan: &Plan<T>,
        language: Language,
    ) -> Result<bool, Stop> {
        if let Some(unknown) = plan.known.keys().find(|id| !items.iter().any(|item| item.case.id == **id)) {
            return Err(Stop(USAGE, Words::new("check-known-unknown", [("case", unknown.as_str().into())])));
        }
        let selection = Selection {
            filter: self.filter.clone(),
            skip: self.skip.clone(),
            clauses: self.clause.clone(),
            without_tls: !plan.target.speaks_tls(),
        };
        let items = selected(items, &selection)?;
        end_with_us()?;
        let mut looks = watch::look(Path::new("."));
        loop {
            let conforms = self.check_once(corpus, plan, &items, language);
            if !self.watch {
                return conforms;
            }
            if let Err(Stop(_, why)) = conforms {
                print(&format!("{}\n", why.in_language(language)));
            }
            print(&format!("\n{}\n", language.text("check-watching")));
            looks = watch::wait(Path::new("."), looks);
        }
    }

    fn check_once<T: Target>(
        &self,
        corpus: &Corpus,
        plan: &Plan<T>,
        items: &[&Item<T::Action>],
        language: Language,
    ) -> Result<bool, Stop> {
        let run = self.played(corpus, plan, items, language);
        self.write_reports(corpus, &run, language)?;
        if run.is_unreached() {
            let why = run.cases.iter().find_map(|case| case.reason.clone());
            return Err(Stop(UNREACHED, why.unwrap_or_else(|| Words::new("check-unreached", []))));
        }
        Ok(run.conforms())
    }

    /// Plays the cases, and tells of each as it is done. A program that cannot be reached at all
    /// is told once, and not for each case.
    fn played<T: Target>(
        &self,
        corpus: &Corpus,
        plan: &Plan<T>,
        items: &[&Item<T::Action>],
        language: Language,
    ) -> Run {
        // Where JSON is the output, it is all of the output.
        let silent = self.json.as_deref() == Some(Path::new("-"));
        let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let style = text::Style { colours, language };
        let bar =
            if silent || !io::stdout().is_terminal() { ProgressBar::hidden() } else { bar(items.len(), language) };
        let run = plan.run_if_reached(corpus, items, START, |case| {
            if !silent {
                bar.suspend(|| print(&format!("{}\n", text::line(case, style))));
            }
            bar.inc(1);
        });
        bar.finish_and_clear();
        if !silent && !run.is_unreached() {
            print(&text::summary(&run, style));
        }
        run
    }

    fn write_reports(&self, corpus: &Corpus, run: &Run, language: Language) -> Result<(), Stop> {
        let write = |file: &Option<PathBuf>, text: &dyn Fn() -> String| match file {
            None => Ok(()),
            Some(file) if file == Path::new("-") => {
                print(&text());
                Ok(())
            }
            Some(file) => put(file, &text()),
        };
        let xml = junit::junit(run, language)
            .map_err(|error| Stop(USAGE, Words::new("check-no-xml", [("reason", error.to_string().into())])))?;
        write(&self.json, &|| json::json(run, language))?;
        write(&self.report, &|| html::page(run, &corpus.clauses, language))?;
        write(&self.junit, &|| xml.clone())?;
        write(&self.tap, &|| tap::tap(run, language))
    }
}

fn read_known(file: &Path) -> Result<BTreeMap<String, String>, Stop> {
    let text = fs::read_to_string(file).map_err(|error| cannot_read(file, &error))?;
    let wrong = |what| Words::new("check-known-wrong", [("file", file.display().to_string().into()), ("what", what)]);
    known::parse(&text).map_err(|what| Stop(USAGE, wrong(what)))
}

fn bar(cases: usize, language: Language) -> ProgressBar {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {}", language.text("check-cases"));
    // Where it were wrong, the default would do.
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(cases as u64).with_style(style)
}
