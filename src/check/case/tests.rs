use proptest::prelude::*;

use super::*;
use crate::check::case::step::Pattern;

/// The case of these steps; their first line is line 1.
fn case(steps: &str) -> Result<Case, CaseError> {
    let text = format!("title: t\nclauses: T-1\n\n{steps}");
    Case::parse("test", &text).map_err(|error| CaseError { line: error.line.saturating_sub(3), ..error })
}

fn steps(text: &str) -> Result<Vec<Action>, CaseError> {
    Ok(case(text)?.steps.into_iter().map(|step| step.action).collect())
}

fn error(text: &str) -> String {
    case(text).unwrap_err().to_string()
}

#[test]
fn headers_are_read() {
    let text =
        "# why\ntitle: A: b\nclauses: LINE-1  ROOM-2\nlevel: SHOULD\nwithin: 45\nstrict: verbs line-ends\n\nAna> BYE\n";
    let case = Case::parse("a-b", text).unwrap();
    assert_eq!((case.id.as_str(), case.title.as_str()), ("a-b", "A: b"));
    assert_eq!(case.clauses, ["LINE-1", "ROOM-2"]);
    assert_eq!((case.level, case.within), (Level::Should, Some(Duration::from_secs(45))));
    assert_eq!(case.strict, Strict { line_ends: true, verbs: true });
    assert_eq!((case.steps[0].line, case.steps[0].source.as_str()), (8, "Ana> BYE"));
}

#[test]
fn headers_have_helpful_errors() {
    for (text, part) in [
        ("clauses: A-1\n\nAna> BYE", "line 1: the header `title: …` is missing"),
        ("title: a\n\nAna> BYE", "`clauses: …` is missing"),
        ("title: a\nclause: A-1\n\n", "line 2: `clause` is no header: there are title"),
        ("title: a\nAna> BYE\n", "line 2: a header is `key: value`"),
        ("title: a\nclauses: A-1\nlevel: must\n\n", "line 3: `must` is no level"),
        ("title: a\nclauses: A-1\nwithin: 0\n\n", "no time"),
        ("title: a\nclauses: A-1\nstrict: LF\n\n", "there are line-ends, verbs"),
        ("title: a\nclauses: A-1\ntls: stranger\n\n", "there are yes, no-alpn, other-alpn, raw"),
        ("title: a\nclauses: A-1\n\n", "there are no steps"),
    ] {
        let error = Case::parse("a", text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_about_tls_stands_where_it_is_spoken_so() {
    let read = |tls: &str, steps: &str| Case::parse("a", &format!("title: t\nclauses: T-1\ntls: {tls}\n\n{steps}"));
    let case = read("raw", "Ana>> \"\\x16\"\nAna< <refused>").unwrap();
    assert_eq!((case.tls, case.tls.map(Tls::as_str)), (Some(Tls::Raw), Some("raw")));
    assert_eq!(case.steps[1].action, Action::Refused);
    assert_eq!(read("other-alpn", "Web< <refused>").unwrap().steps.len(), 1);
    assert_eq!(read("yes", "Ana> <cut>\nAna< <gone>").unwrap().steps[0].action, Action::CutOff);
    for (tls, steps, part) in [
        ("yes", "Ana< <refused>", "`tls: other-alpn` or `tls: raw`"),
        ("other-alpn", "Ana> NAME Ana\nAna< <refused>", "before an actor's first step"),
        ("other-alpn", "Ana< <refused>\nAna> NAME Ana", "nothing can be sent"),
        ("raw", "Ana> <cut>", "`tls: yes`"),
        ("yes", "Ana> <cut>\nAna> MSG x", "nothing can be sent"),
    ] {
        let error = read(tls, steps).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn lines_are_counted_from_where_the_case_begins() {
    assert_eq!(Case::parse_at("a", "title: a\nclauses: A-1\n\nAna> BYE\nAna", 100).unwrap_err().line, 104);
    assert_eq!(Case::parse_at("a", "title: a\nclauses: A-1\n\nAna> BYE", 100).unwrap().steps[0].line, 103);
}

#[test]
fn every_kind_of_step_is_read() {
    let text = r#"
# a comment
Ana> NAME Ana
Ana> "MSG \"\xff\""
Ana>>*3 "MSG \(ñ*2)\r\n"
Ana<*2 MSG Ana  hola
Ana! LEAVE *
Ana! "BYE quit"
Ana< "JOIN Ana"
Ana| <stall>
Ana| <resume>
Ana> <end>
Ana< <end>
Beto> <reset>
Carlos< <gone>
"#;
    assert_eq!(
        steps(text).unwrap(),
        [
            Action::Send(b"NAME Ana\n".to_vec(), 1),
            Action::Send(b"MSG \"\xff\"\n".to_vec(), 1),
            Action::Send("MSG ññ\r\n".into(), 3),
            Action::Receive(b"MSG Ana  hola".to_vec(), 2),
            Action::Forbid(Pattern::Prefix(b"LEAVE ".to_vec())),
            Action::Forbid(Pattern::Line(b"BYE quit".to_vec())),
            Action::Receive(b"JOIN Ana".to_vec(), 1),
            Action::Stall,
            Action::Resume,
            Action::HalfClose,
            Action::ReceiveEnd,
            Action::Reset,
            Action::Gone,
        ]
    );
}

#[test]
fn the_lines_of_strands_are_one_step() {
    let text = "Ana<1 MSG A 1\nAna<2*3 MSG B 1\nAna<1 MSG A 2\nBeto<0 MSG A 1\nBeto<= Ana\nAna<1 MSG C 1";
    let strand = |digit, lines: &[(&str, usize)]| {
        let lines = lines.iter().map(|(line, times)| (line.as_bytes().to_vec(), *times)).collect();
        Strand { digit, lines }
    };
    assert_eq!(
        steps(text).unwrap(),
        [
            Action::Strands(vec![strand('1', &[("MSG A 1", 1), ("MSG A 2", 1)]), strand('2', &[("MSG B 1", 3)])]),
            Action::Strands(vec![strand('0', &[("MSG A 1", 1)])]),
            Action::SameAs(0),
            Action::Strands(vec![strand('1', &[("MSG C 1", 1)])]),
        ]
    );
}

#[test]
fn steps_have_helpful_errors() {
    for (text, part) in [
        ("Ana> BYE\nhola", "line 2: this is no step"),
        ("Ana", "this is no step"),
        ("1na> BYE", "this is no step"),
        ("Ana>", "an empty line is `Ana> \"\"`"),
        ("Ana>  BYE", "exactly one space"),
        ("Ana> MSG ", "in quotes"),
        ("Ana> MSG a\tb", "U+0009"),
        ("Ana> \"BYE", "closing"),
        ("Ana> <fin>", "there are <end>, <cut> and <reset>"),
        ("Ana< <fin>", "there are <end>, <gone> and <refused>"),
        ("Ana| <end>", "<stall> or <resume>"),
        ("Ana>> BYE", "begins with \""),
        ("Ana>> \"\"", "no byte"),
        ("Ana>*0 BYE", "number from 1"),
        ("Ana>*x BYE", "number from 1"),
        ("Ana!*2 BYE *", "no operator"),
        ("Ana>< BYE", "no operator"),
        ("Ana<x BYE quit", "no operator"),
        ("Ana<10 BYE quit", "no operator"),
        ("Ana>>*100000 \"\\(a*1000)\"", "one step sends"),
        ("Ana< NAME Ana", "can be expected"),
        ("Ana< \"MSG a b\\nc\"", "no LF"),
        ("Ana<= Beto", "no strands"),
        ("Ana<= <end>", "followed by an actor"),
        ("Ana! BYE *", "proved by a line"),
        ("Ana> <end>\nAna> BYE", "line 2: nothing can be sent"),
        ("Ana> <reset>\nAna< BYE quit", "line 2: nothing can be received"),
        ("Ana< <end>\nAna< BYE quit", "line 2: nothing can be received"),
        ("Ana| <stall>\nAna< BYE quit", "resume"),
    ] {
        let error = error(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_case_knows_its_names() {
    let case = case("A>> \"NA\"\nB> NAME Ana\nA>> \"ME Ana\\r\\nMSG NAME x\\nNAME b c\\n\"").unwrap();
    assert_eq!(case.names().into_iter().collect::<Vec<_>>(), [b"Ana".to_vec(), b"b c".to_vec()]);
}

proptest! {
    #[test]
    fn nothing_panics(text in "((title|clauses|level|within|strict)?(: )?|A|B|[><!|=*1-9 ]|\"|<end>|<gone>|BYE quit|\\\\|\n|.){0,60}") {
        let _ = Case::parse("any", &text);
        let _ = case(&text);
    }
}
