//! README.md and README.es.md tell the same in two languages: the commands, the options and
//! all else that is not prose; and what they link to is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

const ENGLISH: &str = "README.md";
const SPANISH: &str = "README.es.md";

type Page = [Event<'static>];

fn page(file: &str) -> Vec<Event<'static>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    Parser::new_ext(&text, Options::ENABLE_TABLES).map(Event::into_static).collect()
}

/// The elements of a page of which this makes something, each with what stands in it.
fn elements<T>(page: &Page, of: impl Fn(&Tag<'_>, &Page) -> Option<T>) -> Vec<T> {
    let element = |(start, event): (usize, &Event<'_>)| {
        let Event::Start(tag) = event else { return None };
        let end = page[start..].iter().position(|event| *event == Event::End(tag.to_end())).unwrap();
        of(tag, &page[start + 1..start + end])
    };
    page.iter().enumerate().filter_map(element).collect()
}

fn text(inside: &Page) -> String {
    let words = inside.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(&**text),
        _ => None,
    });
    words.collect()
}

/// The blocks of code, each with its language and without its comments.
fn blocks(page: &Page) -> Vec<(String, String)> {
    let uncommented = |line: &str| line.split(" # ").next().unwrap().trim_end().to_owned();
    elements(page, |tag, inside| match tag {
        Tag::CodeBlock(CodeBlockKind::Fenced(language)) => {
            Some((language.to_string(), text(inside).lines().map(uncommented).collect::<Vec<_>>().join("\n")))
        }
        _ => None,
    })
}

/// Where a page leads to, images among it, but for itself in the other language.
fn links(page: &Page) -> BTreeSet<String> {
    let links = elements(page, |tag, _| match tag {
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => Some(dest_url.to_string()),
        _ => None,
    });
    links.into_iter().filter(|link| ![ENGLISH, SPANISH].contains(&link.as_str())).collect()
}

/// What of some text is the same in each language: numbers, and what is code, up to the
/// name of a value.
fn facts(inside: &Page) -> Vec<String> {
    let facts = inside.iter().flat_map(|event| match event {
        Event::Code(code) => vec![code.split(' ').next().unwrap_or_default().replace("PUERTO", "PORT")],
        Event::Text(text) => {
            let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.parse::<u32>().is_ok());
            words.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    });
    facts.collect()
}

/// The rows of the tables, each with the facts of its cells.
fn rows(page: &Page) -> Vec<Vec<Vec<String>>> {
    let cells = |row: &Page| elements(row, |tag, inside| (*tag == Tag::TableCell).then(|| facts(inside)));
    elements(page, |tag, inside| matches!(tag, Tag::TableHead | Tag::TableRow).then(|| cells(inside)))
}

/// The headings as they are linked to.
fn anchors(page: &Page) -> Vec<String> {
    let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    let anchor = |heading: String| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
    elements(page, |tag, inside| matches!(tag, Tag::Heading { .. }).then(|| anchor(text(inside))))
}

/// The parts of a page, each from its heading up to the next, with the facts of its prose.
fn sections(page: &Page) -> Vec<(String, BTreeSet<String>)> {
    let parts = page.split(|event| matches!(event, Event::Start(Tag::Heading { .. }))).skip(1);
    parts.map(|part| (text(&part[..1]), prose(part))).collect()
}

fn prose(part: &Page) -> BTreeSet<String> {
    let paragraphs = elements(part, |tag, inside| matches!(tag, Tag::Paragraph | Tag::Item).then(|| facts(inside)));
    paragraphs.into_iter().flatten().collect()
}

#[test]
fn both_have_the_same_code_but_for_its_comments() {
    let (english, spanish) = (blocks(&page(ENGLISH)), blocks(&page(SPANISH)));
    assert!(english.iter().any(|(language, code)| language == "sh" && code.starts_with("cargo run\n")));
    for (english, spanish) in english.iter().zip(&spanish) {
        assert_eq!(english, spanish);
    }
    assert_eq!(english.len(), spanish.len());
}

#[test]
fn both_have_the_same_options_with_the_same_defaults() {
    let (english, spanish) = (rows(&page(ENGLISH)), rows(&page(SPANISH)));
    assert!(english.contains(&vec![vec!["--max-connections".into()], vec!["10000".into()], vec!["full".into()]]));
    for (english, spanish) in english.iter().zip(&spanish) {
        assert_eq!(english, spanish);
    }
    assert_eq!(english.len(), spanish.len());
}

#[test]
fn both_tell_of_the_same_in_each_section() {
    let (english, spanish) = (sections(&page(ENGLISH)), sections(&page(SPANISH)));
    assert!(english.iter().any(|(_, facts)| facts.contains("--reconnect")));
    for ((heading, english), (_, spanish)) in english.iter().zip(&spanish) {
        assert_eq!(english, spanish, "below “{heading}”");
    }
    assert_eq!(english.len(), spanish.len());
}

#[test]
fn both_lead_to_each_other_and_to_the_same_places() {
    for (file, other) in [(ENGLISH, SPANISH), (SPANISH, ENGLISH)] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(text.lines().take(5).any(|line| line.contains(&format!("]({other})"))), "{file}");
    }
    assert_eq!(links(&page(ENGLISH)), links(&page(SPANISH)));
}

#[test]
fn each_place_that_they_lead_to_is_there() {
    let links = links(&page(ENGLISH));
    let places = links.iter().filter(|link| !link.contains("://"));
    for place in places {
        let (file, anchor) =
            place.split_once('#').map_or((place.as_str(), None), |(file, anchor)| (file, Some(anchor)));
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{place}");
        if let Some(anchor) = anchor {
            assert!(anchors(&page(file)).iter().any(|known| known == anchor), "{place}");
        }
    }
}
