//! A line in a frame, as SVG.

use maud::{Markup, html};

use crate::lang::Language;

/// The distances of the drawing, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 90.0;
const TOP: f64 = 20.0;
const BELOW: f64 = 40.0;

/// The most steps of an axis.
const TICKS: u8 = 5;

/// An axis from nought.
pub(super) struct Axis {
    /// What is counted, or in which unit.
    pub(super) label: String,
    /// Where it ends; more than nought.
    pub(super) to: f64,
    /// Where it is labelled, and how.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis with even ticks on which there is room for this.
    pub(super) fn linear(label: &str, highest: f64) -> Axis {
        let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
        let step = step(highest / f64::from(TICKS));
        let steps = (highest / step).ceil();
        let digits = if step < 1.0 { 1 + usize::from(step < 0.1) + usize::from(step < 0.01) } else { 0 };
        let ticks: Vec<_> = (0..=TICKS).map(f64::from).take_while(|&n| n <= steps).map(|n| n * step).collect();
        Axis {
            label: label.to_owned(),
            to: ticks.last().copied().unwrap_or(1.0),
            ticks: ticks.into_iter().map(|at| (at, format!("{at:.digits$}"))).collect(),
        }
    }

    fn share(&self, value: f64) -> f64 {
        value / self.to
    }
}

/// The next higher one of 1, 2 or 5 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= least).unwrap_or(10.0);
    factor * power
}

/// Draws the points, from left to right; where there are none it says so.
pub(super) fn plot(title: &str, x: &Axis, y: &Axis, points: &[(f64, f64)], language: Language) -> Markup {
    let across = |value| LEFT + x.share(value) * (WIDTH - LEFT - 20.0);
    let up = |value| TOP + (1.0 - y.share(value)) * (HEIGHT - TOP - BELOW);
    let path: Vec<_> = points.iter().map(|&(a, b)| format!("{:.1},{:.1}", across(a), up(b))).collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) role="img" aria-label=(title) {
            title { (title) }
            @for (at, name) in &x.ticks {
                line.life x1=(tenths(across(*at))) x2=(tenths(across(*at))) y1=(TOP) y2=(HEIGHT - BELOW) {}
                text.note x=(tenths(across(*at))) y=(HEIGHT - BELOW + 16.0) text-anchor="middle" { (name) }
            }
            @for (at, name) in &y.ticks {
                line.life x1=(LEFT) x2=(WIDTH - 20.0) y1=(tenths(up(*at))) y2=(tenths(up(*at))) {}
                text.note x=(LEFT - 6.0) y=(tenths(up(*at) + 4.0)) text-anchor="end" { (name) }
            }
            text x=(WIDTH - 20.0) y=(HEIGHT - 6.0) text-anchor="end" { (x.label) }
            text x=(LEFT - 6.0) y="12" text-anchor="end" { (y.label) }
            @if path.is_empty() {
                text x=(WIDTH / 2.0) y=(HEIGHT / 2.0) text-anchor="middle" { (language.text("load-plot-nothing")) }
            } @else {
                polyline.curve points=(path.join(" ")) {}
            }
        }
    }
}

fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &[(f64, f64)], highest: f64) -> String {
        plot("t", &Axis::linear("s", highest), &Axis::linear("ms", highest), points, Language::Spanish).into_string()
    }

    #[test]
    fn nothing_to_draw_is_said_and_gives_no_figure_that_is_none() {
        for highest in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let svg = drawn(&[], highest);
            assert!(svg.contains("sin entregas") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        let svg = drawn(&[(0.0, 0.0)], 0.0);
        assert!(svg.contains("points=\"90.0,200.0\"") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn an_axis_has_round_ticks_and_room_for_all() {
        let labels = |highest| {
            let axis = Axis::linear("", highest);
            assert!(axis.to >= highest);
            axis.ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>()
        };
        assert_eq!(labels(10.0), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(123_456.0), ["0", "50000", "100000", "150000"]);
        assert_eq!(labels(0.03), ["0.00", "0.01", "0.02", "0.03"]);
    }

    #[test]
    fn points_go_up_and_to_the_right() {
        assert!(drawn(&[(0.0, 0.0), (5.0, 10.0), (10.0, 5.0)], 10.0).contains("90.0,200.0 395.0,20.0 700.0,110.0"));
    }
}
