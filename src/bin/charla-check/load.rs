//! `charla-check load`: many participants at once.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use charla::load::report::{html, json, text};
use charla::load::{Bounds, Failure, MAX_SENDERS, MIN_SIZE, Outcome, Plan, Progress, Rate, Report, limit, run};
use charla::proto::MAX_TEXT;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Stop, UNREACHED, USAGE, print, put, resolve};

/// The rate of the first run of a search, unless it is given.
const FIRST_RATE: f64 = 100.0;

/// `charla-check load`
#[derive(Args)]
pub(super) struct Load {
    /// HOST:PUERTO de un servidor que corre
    #[arg(value_name = "HOST:PUERTO")]
    address: String,
    /// Cuántos entran y oyen (1000)
    #[arg(long, value_name = "N", default_value_t = 1000, hide_default_value = true, value_parser = count)]
    participants: usize,
    /// Cuántos de ellos hablan (4)
    #[arg(long, value_name = "N", default_value_t = 4, hide_default_value = true, value_parser = count)]
    senders: usize,
    /// Cuántos mensajes por segundo dicen entre todos (100/s), o max: los que admita el servidor
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<Rate>,
    /// Con --rate max: cuántos mensajes de uno pueden estar sin recibo (1024)
    #[arg(long, value_name = "N", default_value_t = 1024, hide_default_value = true, value_parser = count)]
    in_flight: usize,
    /// Cuántos bytes tiene cada mensaje (64)
    #[arg(long, value_name = "BYTES", default_value_t = 64, hide_default_value = true, value_parser = size)]
    size: usize,
    /// Cuánto tiempo hablan (10)
    #[arg(long, value_name = "SEGUNDOS", default_value = "10", hide_default_value = true, value_parser = seconds)]
    seconds: Duration,
    /// El número de proceso del servidor, para saber cuánta CPU y memoria usa
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Sube el ritmo hasta que el servidor no aguanta
    #[arg(long)]
    find_limit: bool,
    /// Con --find-limit: el p99 que aún se aguanta (100)
    #[arg(long, value_name = "MS", default_value = "100", hide_default_value = true, value_parser = millis)]
    max_p99: Duration,
    /// Con --find-limit: qué parte se puede perder (0)
    #[arg(long, value_name = "PORCENTAJE", default_value_t = 0.0, hide_default_value = true, value_parser = percent)]
    max_loss: f64,
    /// Escribe el resultado como JSON («-»: en la salida, y nada más)
    #[arg(long, value_name = "FICHERO")]
    json: Option<PathBuf>,
    /// Escribe el informe como una página HTML
    #[arg(long, value_name = "FICHERO")]
    report: Option<PathBuf>,
}

impl Load {
    /// Whether all was heard by all, once and in one order.
    pub(super) fn check(&self) -> Result<bool, Stop> {
        let plan = self.plan()?;
        let report = if self.find_limit { self.search(plan)? } else { self.once(plan)? };
        self.write(&report)?;
        Ok(report.is_good())
    }

    fn plan(&self) -> Result<Plan, Stop> {
        let Load { participants, senders, .. } = *self;
        if senders > participants.min(MAX_SENDERS) {
            let most = participants.min(MAX_SENDERS);
            return Err(Stop(
                USAGE,
                format!("--senders {senders} son demasiados: de {participants} participantes pueden hablar {most}"),
            ));
        }
        if self.find_limit && self.rate == Some(Rate::Max) {
            return Err(Stop(USAGE, "--find-limit sube el ritmo, así que --rate no puede ser max".to_owned()));
        }
        Ok(Plan {
            address: resolve(&self.address)?,
            participants,
            senders,
            rate: self.rate.unwrap_or(Rate::PerSecond(FIRST_RATE)),
            in_flight: self.in_flight,
            size: self.size,
            lasts: self.seconds,
            pid: self.pid,
        })
    }

    fn once(&self, plan: Plan) -> Result<Report, Stop> {
        let stage = self.stage(&plan)?;
        Ok(Report { plan, stages: vec![stage], search: None })
    }

    fn search(&self, plan: Plan) -> Result<Report, Stop> {
        let bounds = Bounds { p99: self.max_p99, loss: self.max_loss };
        let first = if let Rate::PerSecond(rate) = plan.rate { rate } else { FIRST_RATE };
        let mut stages = Vec::new();
        let limit = limit::find(first, |rate| {
            let stage = self.stage(&Plan { rate: Rate::PerSecond(rate), ..plan.clone() })?;
            let holds = bounds.hold(&stage);
            if !self.is_silent() {
                print(&format!("{}\n", text::line(&stage, holds)));
            }
            stages.push(stage);
            Ok::<_, Stop>(holds)
        })?;
        Ok(Report { plan, stages, search: Some((bounds, limit)) })
    }

    /// One run, with a bar that shows how far it is.
    fn stage(&self, plan: &Plan) -> Result<Outcome, Stop> {
        let bar = if self.is_silent() || !io::stdout().is_terminal() { ProgressBar::hidden() } else { bar() };
        let outcome = run(plan, |progress| show(&bar, plan, progress));
        bar.finish_and_clear();
        outcome.map_err(|failure| {
            let code = if matches!(failure, Failure::Unreached(..)) { UNREACHED } else { USAGE };
            Stop(code, failure.to_string())
        })
    }

    /// Where JSON is the output, it is all of the output.
    fn is_silent(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    fn write(&self, report: &Report) -> Result<(), Stop> {
        if !self.is_silent() {
            print(&text::text(report));
        }
        match &self.json {
            Some(_) if self.is_silent() => print(&json::json(report)),
            Some(file) => put(file, &json::json(report))?,
            None => {}
        }
        self.report.as_ref().map_or(Ok(()), |file| put(file, &html::page(report)))
    }
}

fn bar() -> ProgressBar {
    // The template is a constant; where it were wrong, the default would do.
    let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style)
}

fn show(bar: &ProgressBar, plan: &Plan, progress: Progress) {
    let (length, position, message) = match progress {
        Progress::Joining(tried) => {
            let of = plan.participants;
            (of as u64, tried as u64, format!("entran {tried} de {of}"))
        }
        Progress::Speaking(elapsed) => {
            let (of, elapsed) = (plan.lasts, elapsed.min(plan.lasts));
            let message = format!("{} mensajes: {} de {} s", plan.rate, elapsed.as_secs(), of.as_secs_f64());
            (micros(of), micros(elapsed), message)
        }
        Progress::Waiting(missing) => (1, 1, format!("faltan {missing} entregas")),
    };
    bar.set_length(length);
    bar.set_position(position);
    bar.set_message(message);
}

fn micros(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000 + u64::from(duration.subsec_micros())
}

fn count(given: &str) -> Result<usize, String> {
    match given.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("se espera un número de 1 a 1000000".to_owned()),
    }
}

fn size(given: &str) -> Result<usize, String> {
    let size = given.parse().ok().filter(|size| (MIN_SIZE..=MAX_TEXT).contains(size));
    size.ok_or_else(|| format!("se espera un número de {MIN_SIZE} a {MAX_TEXT}"))
}

fn rate(given: &str) -> Result<Rate, String> {
    if given == "max" {
        return Ok(Rate::Max);
    }
    let rate = number(given.strip_suffix("/s").unwrap_or(given), 0.01..=10_000_000.0);
    rate.map(Rate::PerSecond)
        .ok_or_else(|| "se espera un ritmo de 0.01 a 10000000 por segundo, como 100/s, o max".to_owned())
}

fn seconds(given: &str) -> Result<Duration, String> {
    let seconds = number(given, 0.1..=86_400.0).map(Duration::from_secs_f64);
    seconds.ok_or_else(|| "se espera un número de segundos, de 0.1 a 86400".to_owned())
}

fn millis(given: &str) -> Result<Duration, String> {
    let millis = number(given, 0.001..=3_600_000.0).map(|millis| Duration::from_secs_f64(millis / 1e3));
    millis.ok_or_else(|| "se espera un número de milisegundos, mayor que 0".to_owned())
}

fn percent(given: &str) -> Result<f64, String> {
    number(given, 0.0..=100.0).ok_or_else(|| "se espera un número de 0 a 100".to_owned())
}

fn number(given: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
    given.parse().ok().filter(|number| range.contains(number))
}
