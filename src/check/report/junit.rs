//! `JUnit`'s XML, as build servers read it: a test case for each case.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::lang::{Language, Words};

/// The run as `JUnit`'s XML; what is for people is in this language.
///
/// # Errors
/// The XML cannot be written, which is a defect of the writer.
pub fn junit(run: &Run, language: Language) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new(run.program.as_str());
    suite.set_time(run.duration);
    suite.add_test_cases(run.cases.iter().map(|case| test_case(run, case, language)));
    let mut report = Report::new("charla-check");
    report.set_time(run.duration);
    report.add_test_suite(suite);
    report.to_string()
}

fn test_case(run: &Run, case: &CaseResult, language: Language) -> TestCase {
    let mut test = TestCase::new(case.id.as_str(), status(run, case, language));
    let clauses: Vec<_> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
    test.set_classname(clauses.join(" ")).set_time(case.duration);
    test
}

fn status(run: &Run, case: &CaseResult, language: Language) -> TestCaseStatus {
    if case.passes_after_all() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(language.text("report-passes-after-all"));
        return status;
    }
    let mut status = match (case.verdict, run.counts(case)) {
        (Verdict::Unreached | Verdict::Crash, true) => TestCaseStatus::non_success(NonSuccessKind::Error),
        (_, true) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Verdict::Pass, false) => TestCaseStatus::success(),
        (_, false) => TestCaseStatus::skipped(),
    };
    status.set_type(case.verdict.as_str());
    if let Some(message) = message(case, language) {
        status.set_message(message);
    }
    status
}

/// What is to be said beside the verdict.
fn message(case: &CaseResult, language: Language) -> Option<String> {
    let said = |words: &Words| words.in_language(language);
    let failure = case.failure.as_ref().map(|failure| {
        let rules: Vec<_> = case.clauses.iter().map(|clause| format!("[{}] {}", clause.id, clause.text)).collect();
        let (expected, received) = (language.text("report-expected"), language.text("report-received"));
        let [due, found] = [&failure.expected, &failure.received].map(said);
        format!("{expected}: {due}\n{received}: {found}\n{}", rules.join("\n"))
    });
    case.known.clone().or(failure).or_else(|| case.reason.as_ref().map(said))
}
