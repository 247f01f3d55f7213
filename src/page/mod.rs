//! The frame of a report: one HTML page that stands alone.
//!
//! Its style is in it, it loads nothing and runs no script. It can be used with the
//! keyboard, follows the light or dark of the system, and can be printed.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::lang::Language;

const STYLE: &str = include_str!("style.css");

/// A whole page around this body, which is in this language.
#[must_use]
pub fn document(title: &str, body: &Markup, language: Language) -> String {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    }
    .into_string()
}
