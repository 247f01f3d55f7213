//! `JUnit`'s XML, as build servers read it: a test case for each case.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::check::run::result::{CaseResult, Run, Verdict};

/// The run as `JUnit`'s XML.
///
/// # Errors
/// The XML cannot be written, which is a defect of the writer.
pub fn junit(run: &Run) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new(run.program.as_str());
    suite.set_time(run.duration);
    suite.add_test_cases(run.cases.iter().map(|case| test_case(run, case)));
    let mut report = Report::new("charla-check");
    report.set_time(run.duration);
    report.add_test_suite(suite);
    report.to_string()
}

fn test_case(run: &Run, case: &CaseResult) -> TestCase {
    let mut test = TestCase::new(case.id.as_str(), status(run, case));
    let clauses: Vec<_> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
    test.set_classname(clauses.join(" ")).set_time(case.duration);
    test
}

fn status(run: &Run, case: &CaseResult) -> TestCaseStatus {
    if case.passes_after_all() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("it is listed as known to fail, and passes");
        return status;
    }
    let mut status = match (case.verdict, run.counts(case)) {
        (Verdict::Unreached | Verdict::Crash, true) => TestCaseStatus::non_success(NonSuccessKind::Error),
        (_, true) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Verdict::Pass, false) => TestCaseStatus::success(),
        (_, false) => TestCaseStatus::skipped(),
    };
    status.set_type(case.verdict.as_str());
    if let Some(message) = message(case) {
        status.set_message(message);
    }
    status
}

/// What is to be said beside the verdict.
fn message(case: &CaseResult) -> Option<String> {
    let failure = case.failure.as_ref().map(|failure| {
        let rules: Vec<_> = case.clauses.iter().map(|clause| format!("[{}] {}", clause.id, clause.text)).collect();
        format!("expected {}; received {}\n{}", failure.expected, failure.received, rules.join("\n"))
    });
    case.known.clone().or(failure).or_else(|| case.reason.clone())
}
