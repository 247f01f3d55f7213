//! JSON for programs: `docs/check.md` has its schema.

use serde_json::{Value, json};

use crate::check::run::result::{CaseResult, Run};
use crate::lang::{Language, Words};

/// The run as JSON; what is for people is in this language.
#[must_use]
pub fn json(run: &Run, language: Language) -> String {
    let totals: serde_json::Map<_, _> =
        run.totals().into_iter().map(|(verdict, count)| (verdict.as_str().to_owned(), count.into())).collect();
    let report = json!({
        "program": run.program,
        "conforms": run.conforms(),
        "strict": run.strict,
        "seconds": run.duration.as_secs_f64(),
        "totals": totals,
        "cases": run.cases.iter().map(|result| case(result, language)).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn case(case: &CaseResult, language: Language) -> Value {
    let said = |words: &Words| words.in_language(language);
    let clauses: Vec<_> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
    let failure = case.failure.as_ref().map(|failure| {
        let (line, step) = case.step.clone().unzip();
        let (expected, received) = (said(&failure.expected), said(&failure.received));
        json!({ "cut": case.cut, "line": line, "step": step, "expected": expected, "received": received })
    });
    json!({
        "id": case.id,
        "title": case.title,
        "clauses": clauses,
        "level": format!("{:?}", case.level).to_uppercase(),
        "verdict": case.verdict.as_str(),
        "reason": case.reason.as_ref().map(said),
        "known": case.known,
        "notes": case.notes.iter().map(said).collect::<Vec<_>>(),
        "seconds": case.duration.as_secs_f64(),
        "failure": failure,
    })
}
