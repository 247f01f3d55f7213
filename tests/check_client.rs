//! `charla-check client`: the reference client passes every case, at a terminal and
//! between pipes, and what misbehaves is told and harms nobody.

use std::process::Output;

use assert_cmd::Command;
use charla::check::run::corpus::Corpus;
use serde_json::Value;

const CLIENT: &str = env!("CARGO_BIN_EXE_charla-client");

/// A quick case that every client can be asked.
const SAYS: &str = "what-is-typed-is-said";

fn check(arguments: &[&str]) -> Output {
    Command::cargo_bin("charla-check")
        .unwrap()
        .arg("client")
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("CHARLA_LANG")
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap()
}

/// Plays a case with a client that is a shell script: its arguments are the host and the port.
fn check_script(case: &str, script: &str, more: &[&str]) -> Output {
    let before = [&["--filter", case, "--timeout-scale", "0.1", "--json", "-"], more].concat();
    check(&[&before[..], &["--", "bash", "-c", script, "{host}", "{port}"]].concat())
}

fn verdicts(output: &Output) -> Vec<(String, String)> {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |case: &Value, key: &str| case[key].as_str().unwrap().to_owned();
    json["cases"].as_array().unwrap().iter().map(|case| (text(case, "id"), text(case, "verdict"))).collect()
}

#[track_caller]
fn assert_verdict(output: &Output, code: i32, verdict: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert_eq!(verdicts(output).pop().unwrap().1, verdict, "{out}{err}");
}

#[track_caller]
fn assert_all_pass(more: &[&str]) {
    let output = check(&[&["--strict", "--json", "-"], more, &["--", CLIENT, "{host}:{port}"]].concat());
    let others: Vec<_> = verdicts(&output).into_iter().filter(|(_, verdict)| verdict != "pass").collect();
    let cases = Corpus::embedded().unwrap().clients.iter().filter(|item| item.case.tls.is_none()).count();
    assert!(others.is_empty(), "{others:?} in {}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((verdicts(&output).len(), output.status.code()), (cases, Some(0)));
}

#[test]
fn the_reference_client_passes_every_case_at_a_terminal() {
    assert_all_pass(&[]);
}

#[test]
fn the_reference_client_passes_every_case_between_pipes() {
    assert_all_pass(&["--pipe"]);
}

#[test]
fn a_name_can_be_an_argument_and_the_way_out_another_word() {
    for more in [&["--name-arg", "--name {name}", "--quit", "exit"][..], &["--name-prompt", "Ingresa tu nombre:"]] {
        let arguments = [more, &["--filter", SAYS, "--json", "-", "--", CLIENT, "{host}:{port}"]].concat();
        assert_verdict(&check(&arguments), 0, "pass");
    }
}

/// Asks for the name and connects; behind it stands what the client does then.
const CONNECT: &str = "printf 'name: '; read -r name; exec 3<>/dev/tcp/$0/$1; printf 'NAME %s\\n' \"$name\" >&3; ";

#[test]
fn what_goes_wrong_has_its_verdict() {
    let script = |then: &str| format!("{CONNECT}{then}");
    // It says something else; it says nothing; it dies of its own.
    assert_verdict(&check_script(SAYS, &script("while read -r x; do echo hola >&3; done"), &[]), 1, "fail");
    assert_verdict(&check_script(SAYS, &script("sleep 600"), &[]), 1, "hang");
    assert_verdict(&check_script(SAYS, &script("read -r x; exit 7"), &[]), 1, "crash");
    assert_verdict(&check_script(SAYS, &script("read -r x; kill -9 $$"), &[]), 1, "crash");
    // It leaves by itself, which is no crash, but not what was to come.
    assert_verdict(&check_script(SAYS, &script("read -r x; exit 0"), &[]), 1, "fail");
    // What the screen shows is recommended at most.
    let mute = script("cat <&3 >/dev/null & while read -r x; do printf 'MSG %s\\n' \"$x\" >&3; done");
    assert_verdict(&check_script("who-comes-is-shown", &mute, &[]), 0, "warn");
    assert_verdict(&check_script("who-comes-is-shown", &mute, &["--strict"]), 1, "warn");
}

#[test]
fn a_program_that_misbehaves_ends_with_the_check() {
    for then in [
        "while :; do echo flood; done",
        "trap '' TERM HUP INT; while :; do sleep 600; done",
        "while :; do printf '\\x1b[2J\\x1b[6nxxxxxxxxxxxxxxxx'; done",
        "yes MSG >&3",
        "head -c 1G /dev/zero >&3",
        "exec 3>&-; sleep 600",
    ] {
        let output = check_script(SAYS, &format!("{CONNECT}{then}"), &[]);
        assert_eq!(output.status.code(), Some(1), "{then}");
        assert!(matches!(&verdicts(&output).pop().unwrap().1[..], "fail" | "hang"), "{then}");
    }
}

#[test]
fn what_does_not_connect_is_exit_3() {
    for program in [&["/no/such/program"][..], &["true"], &["sleep", "600"]] {
        let output = check(&[&["--filter", SAYS, "--timeout-scale", "0.05", "--"], program].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.starts_with("charla-check: "), "{said}");
    }
}

#[test]
fn a_failure_shows_what_was_typed_and_how_to_repeat_it() {
    let script = format!("{CONNECT}while read -r x; do echo hola >&3; done");
    let shown =
        ["--filter", SAYS, "--timeout-scale", "0.1", "--quit", "fin", "--", "bash", "-c", &script, "{host}", "{port}"];
    let output = check(&shown);
    let said = String::from_utf8_lossy(&output.stdout);
    for part in ["escribe: Hola a todos!", "[CLIENT-11] A client MUST", "charla-check client --quit fin --filter", SAYS]
    {
        assert!(said.contains(part), "{part:?} in {said}");
    }
}
