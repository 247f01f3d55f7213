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
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{START, Stop, UNREACHED, USAGE, end_with_us, print, put, selected};

#[derive(Args)]
pub(super) struct Options {
    /// Solo estos casos: un nombre o parte de él; se puede repetir
    #[arg(long, value_name = "CASO")]
    filter: Vec<String>,
    /// Estos casos no; se puede repetir
    #[arg(long, value_name = "CASO")]
    skip: Vec<String>,
    /// Solo los casos de esta regla; se puede repetir
    #[arg(long, value_name = "REGLA")]
    clause: Vec<String>,
    /// Cuántos casos a la vez (4), si el programa se inicia aquí
    #[arg(long, value_name = "N", default_value_t = 4, hide_default_value = true)]
    jobs: usize,
    /// Por cuánto se multiplica toda espera (1)
    #[arg(long, value_name = "N", default_value_t = 1.0, hide_default_value = true, value_parser = scale)]
    timeout_scale: f64,
    /// Lista de casos que se sabe que fallan: «caso  # razón» en cada línea
    #[arg(long, value_name = "FICHERO")]
    known_failing: Option<PathBuf>,
    /// También una recomendación (SHOULD) incumplida es un fallo
    #[arg(long)]
    strict: bool,
    /// Repite cuando cambia un fichero de esta carpeta
    #[arg(long)]
    watch: bool,
    /// Escribe el resultado como JSON («-»: en la salida, y nada más)
    #[arg(long, value_name = "FICHERO")]
    json: Option<PathBuf>,
    /// Escribe el informe como una página HTML
    #[arg(long, value_name = "FICHERO")]
    report: Option<PathBuf>,
    /// Escribe el resultado como XML de `JUnit`
    #[arg(long, value_name = "FICHERO")]
    junit: Option<PathBuf>,
    /// Escribe el resultado como TAP
    #[arg(long, value_name = "FICHERO")]
    tap: Option<PathBuf>,
}

pub(super) fn scale(given: &str) -> Result<f64, String> {
    match given.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 100.0 => Ok(scale),
        _ => Err("se espera un número mayor que 0, hasta 100".to_owned()),
    }
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
    ) -> Result<bool, Stop> {
        if let Some(unknown) = plan.known.keys().find(|id| !items.iter().any(|item| item.case.id == **id)) {
            return Err(Stop(USAGE, format!("no hay ningún caso «{unknown}», que está en la lista de los que fallan")));
        }
        let selection =
            Selection { filter: self.filter.clone(), skip: self.skip.clone(), clauses: self.clause.clone() };
        let items = selected(items, &selection)?;
        end_with_us()?;
        let mut looks = watch::look(Path::new("."));
        loop {
            let conforms = self.check_once(corpus, plan, &items);
            if !self.watch {
                return conforms;
            }
            if let Err(Stop(_, why)) = conforms {
                print(&format!("{why}\n"));
            }
            print("\nEsperando a que cambie un fichero… (Ctrl-C termina)\n");
            looks = watch::wait(Path::new("."), looks);
        }
    }

    fn check_once<T: Target>(&self, corpus: &Corpus, plan: &Plan<T>, items: &[&Item<T::Action>]) -> Result<bool, Stop> {
        let run = self.played(corpus, plan, items);
        self.write_reports(corpus, &run)?;
        if run.is_unreached() {
            let why = run.cases.iter().find_map(|case| case.reason.clone());
            return Err(Stop(UNREACHED, why.unwrap_or_else(|| "no se pudo llegar al programa en ningún caso".into())));
        }
        Ok(run.conforms())
    }

    /// Plays the cases, and tells of each as it is done. A program that cannot be reached at all
    /// is told once, and not for each case.
    fn played<T: Target>(&self, corpus: &Corpus, plan: &Plan<T>, items: &[&Item<T::Action>]) -> Run {
        // Where JSON is the output, it is all of the output.
        let silent = self.json.as_deref() == Some(Path::new("-"));
        let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let style = text::Style { colours };
        let bar = if silent || !io::stdout().is_terminal() { ProgressBar::hidden() } else { bar(items.len()) };
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

    fn write_reports(&self, corpus: &Corpus, run: &Run) -> Result<(), Stop> {
        let write = |file: &Option<PathBuf>, text: &dyn Fn() -> String| match file {
            None => Ok(()),
            Some(file) if file == Path::new("-") => {
                print(&text());
                Ok(())
            }
            Some(file) => put(file, &text()),
        };
        let xml = junit::junit(run).map_err(|error| Stop(USAGE, format!("no se puede hacer el XML: {error}")))?;
        write(&self.json, &|| json::json(run))?;
        write(&self.report, &|| html::page(run, &corpus.clauses))?;
        write(&self.junit, &|| xml.clone())?;
        write(&self.tap, &|| tap::tap(run))
    }
}

fn read_known(file: &Path) -> Result<BTreeMap<String, String>, Stop> {
    let text = fs::read_to_string(file)
        .map_err(|error| Stop(USAGE, format!("no se puede leer {} ({error})", file.display())))?;
    known::parse(&text).map_err(|what| Stop(USAGE, format!("{}, {what}", file.display())))
}

fn bar(cases: usize) -> ProgressBar {
    // The template is a constant; where it were wrong, the default would do.
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} casos").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(cases as u64).with_style(style)
}
