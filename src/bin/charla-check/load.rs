//! `charla-check load`: many participants at once.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use charla::cli::{BadValue, ClientTls};
use charla::lang::{Language, Words};
use charla::load::report::{html, json, text};
use charla::load::{Bounds, Failure, MAX_SENDERS, MIN_SIZE, Outcome, Plan, Progress, Rate, Report, Target, limit, run};
use charla::proto::MAX_TEXT;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Stop, UNREACHED, USAGE, host, print, put, resolve};

/// The rate of the first run of a search, unless it is given.
const FIRST_RATE: f64 = 100.0;

/// `charla-check load`
#[derive(Args)]
pub(super) struct Load {
    #[arg(value_name = "place", required = true)]
    addresses: Vec<String>,
    #[command(flatten)]
    tls: ClientTls,
    #[arg(long, value_name = "people", default_value_t = 1000, hide_default_value = true, value_parser = count)]
    participants: usize,
    #[arg(long, value_name = "people", default_value_t = 4, hide_default_value = true, value_parser = count)]
    senders: usize,
    #[arg(long, value_name = "rate", value_parser = rate)]
    rate: Option<Rate>,
    #[arg(long, value_name = "people", default_value_t = 4096, hide_default_value = true, value_parser = count)]
    in_flight: usize,
    #[arg(long, value_name = "size", default_value_t = 64, hide_default_value = true, value_parser = size)]
    size: usize,
    #[arg(long, value_name = "load-seconds", default_value = "10", hide_default_value = true, value_parser = seconds)]
    seconds: Duration,
    #[arg(long, value_name = "pid")]
    pid: Vec<u32>,
    #[arg(long)]
    find_limit: bool,
    #[arg(long, value_name = "millis", default_value = "100", hide_default_value = true, value_parser = millis)]
    max_p99: Duration,
    #[arg(long, value_name = "percent", default_value_t = 0.0, hide_default_value = true, value_parser = percent)]
    max_loss: f64,
    #[arg(long, value_name = "file")]
    json: Option<PathBuf>,
    #[arg(long, value_name = "file")]
    report: Option<PathBuf>,
}

impl Load {
    /// Whether all was heard by all, once and in one order.
    pub(super) fn check(&self, language: Language) -> Result<bool, Stop> {
        let plan = self.plan()?;
        let report = if self.find_limit { self.search(plan, language)? } else { self.once(plan, language)? };
        self.write(&report, language)?;
        Ok(report.is_good())
    }

    fn plan(&self) -> Result<Plan, Stop> {
        let Load { participants, senders, .. } = *self;
        if senders > participants.min(MAX_SENDERS) {
            let most = participants.min(MAX_SENDERS);
            return Err(Stop(
                USAGE,
                Words::new(
                    "check-load-senders",
                    [
                        ("senders", senders.to_string().into()),
                        ("participants", participants.to_string().into()),
                        ("most", most.to_string().into()),
                    ],
                ),
            ));
        }
        if self.find_limit && self.rate == Some(Rate::Max) {
            return Err(Stop(USAGE, Words::new("check-load-rate", [])));
        }
        Ok(Plan {
            servers: self.addresses.iter().map(|address| self.target(address)).collect::<Result<_, _>>()?,
            participants,
            senders,
            rate: self.rate.unwrap_or(Rate::PerSecond(FIRST_RATE)),
            in_flight: self.in_flight as u64,
            size: self.size,
            lasts: self.seconds,
            pids: self.pid.clone(),
        })
    }

    fn target(&self, address: &str) -> Result<Target, Stop> {
        Ok(Target { address: resolve(address)?, host: host(&self.tls, address)? })
    }

    fn once(&self, plan: Plan, language: Language) -> Result<Report, Stop> {
        let stage = self.stage(&plan, language)?;
        Ok(Report { plan, stages: vec![stage], search: None })
    }

    fn search(&self, plan: Plan, language: Language) -> Result<Report, Stop> {
        let bounds = Bounds { p99: self.max_p99, loss: self.max_loss };
        let first = if let Rate::PerSecond(rate) = plan.rate { rate } else { FIRST_RATE };
        let mut stages = Vec::new();
        let limit = limit::find(first, |rate| {
            let stage = self.stage(&Plan { rate: Rate::PerSecond(rate), ..plan.clone() }, language)?;
            let holds = bounds.hold(&stage);
            if !self.is_silent() {
                print(&format!("{}\n", text::line(&stage, holds, language)));
            }
            stages.push(stage);
            Ok::<_, Stop>(holds)
        })?;
        Ok(Report { plan, stages, search: Some((bounds, limit)) })
    }

    /// One run, with a bar that shows how far it is.
    fn stage(&self, plan: &Plan, language: Language) -> Result<Outcome, Stop> {
        let bar = if self.is_silent() || !io::stdout().is_terminal() { ProgressBar::hidden() } else { bar() };
        let outcome = run(plan, |progress| show(&bar, plan, progress, language));
        bar.finish_and_clear();
        outcome.map_err(|failure| {
            let code = if matches!(failure, Failure::Unreached(..) | Failure::NoTls(..)) { UNREACHED } else { USAGE };
            Stop(code, failure.words())
        })
    }

    /// Where JSON is the output, it is all of the output.
    fn is_silent(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    fn write(&self, report: &Report, language: Language) -> Result<(), Stop> {
        if !self.is_silent() {
            print(&text::text(report, language));
        }
        match &self.json {
            Some(_) if self.is_silent() => print(&json::json(report)),
            Some(file) => put(file, &json::json(report))?,
            None => {}
        }
        self.report.as_ref().map_or(Ok(()), |file| put(file, &html::page(report, language)))
    }
}

fn bar() -> ProgressBar {
    // The template is a constant; where it were wrong, the default would do.
    let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style)
}

fn show(bar: &ProgressBar, plan: &Plan, progress: Progress, language: Language) {
    let (length, position, message) = match progress {
        Progress::Joining(tried) => {
            let of = plan.participants;
            let message = language.text_with("load-joining", &[("tried", tried.into()), ("all", of.into())]);
            (of as u64, tried as u64, message)
        }
        Progress::Speaking(elapsed) => {
            let (of, elapsed) = (plan.lasts, elapsed.min(plan.lasts));
            (micros(of), micros(elapsed), speaking(plan, elapsed, language))
        }
        Progress::Waiting(missing) => (1, 1, language.text_with("load-waiting", &[("missing", missing.into())])),
    };
    bar.set_length(length);
    bar.set_position(position);
    bar.set_message(message);
}

fn speaking(plan: &Plan, elapsed: Duration, language: Language) -> String {
    language.text_with(
        "load-speaking",
        &[
            ("rate", plan.rate.to_string().into()),
            ("elapsed", elapsed.as_secs().into()),
            ("all", plan.lasts.as_secs_f64().into()),
        ],
    )
}

fn micros(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000 + u64::from(duration.subsec_micros())
}

fn count(given: &str) -> Result<usize, BadValue> {
    match given.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err(BadValue),
    }
}

fn size(given: &str) -> Result<usize, BadValue> {
    let size = given.parse().ok().filter(|size| (MIN_SIZE..=MAX_TEXT).contains(size));
    size.ok_or(BadValue)
}

fn rate(given: &str) -> Result<Rate, BadValue> {
    if given == "max" {
        return Ok(Rate::Max);
    }
    let rate = number(given.strip_suffix("/s").unwrap_or(given), 0.01..=10_000_000.0);
    rate.map(Rate::PerSecond).ok_or(BadValue)
}

fn seconds(given: &str) -> Result<Duration, BadValue> {
    let seconds = number(given, 0.1..=86_400.0).map(Duration::from_secs_f64);
    seconds.ok_or(BadValue)
}

fn millis(given: &str) -> Result<Duration, BadValue> {
    let millis = number(given, 0.001..=3_600_000.0).map(|millis| Duration::from_secs_f64(millis / 1e3));
    millis.ok_or(BadValue)
}

fn percent(given: &str) -> Result<f64, BadValue> {
    number(given, 0.0..=100.0).ok_or(BadValue)
}

fn number(given: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
    given.parse().ok().filter(|number| range.contains(number))
}
