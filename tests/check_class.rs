//! `charla-check class`: a teacher's folder, some of whose programs misbehave.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const SERVER: &str = env!("CARGO_BIN_EXE_charla-server");

/// What each submission does when it is started, as a script of its own.
const SUBMISSIONS: [(&str, &str); 4] = [
    ("ana", "exec \"$SERVER\" --listen 127.0.0.1:$1"),
    ("bea <b>", "exit 1"),
    ("carlos", "trap '' TERM; sleep 600 & while :; do echo flood; done"),
    ("diana", "\"$SERVER\" --listen 127.0.0.1:$1 --max-connections 0 & wait"),
];

#[test]
fn each_submission_is_judged_whatever_the_others_do() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("class");
    let out = folder.join("entregas").join("informe");
    let _ = fs::remove_dir_all(&folder);
    // Neither what a version control keeps nor an earlier report is a submission.
    fs::create_dir_all(folder.join("entregas/.git")).unwrap();
    fs::create_dir_all(&out).unwrap();
    for (name, script) in SUBMISSIONS {
        fs::create_dir_all(folder.join("entregas").join(name)).unwrap();
        fs::write(folder.join("entregas").join(name).join("servidor.sh"), script).unwrap();
    }
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.env("SERVER", SERVER).arg("class").arg(folder.join("entregas")).args(["--server", "sh servidor.sh {port}"]);
    check.args(["--timeout-scale", "0.05", "--filter", "a-message-comes-back-as-its-receipt"]).arg("--out").arg(&out);
    let done = check.assert().code(1);
    let said = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    assert_eq!(said, "✓ ana\n✗ bea <b>\n✗ carlos\n✗ diana\n");
    let csv = fs::read_to_string(out.join("class.csv")).unwrap();
    let rows: Vec<_> = csv.lines().map(|row| row.split(',').take(3).collect::<Vec<_>>()).collect();
    assert_eq!(rows[0][..2], ["submission", "conforms"]);
    assert_eq!(rows[1], ["\"ana\"", "true", "pass"]);
    assert_eq!(rows[2], ["\"bea <b>\"", "false", "unreached"]);
    assert_eq!(rows[3], ["\"carlos\"", "false", "unreached"]);
    assert_eq!(rows[4], ["\"diana\"", "false", "fail"]);
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("bea &lt;b&gt;") && !page.contains("<b>") && page.contains("href=\"4.html\""));
    let page = fs::read_to_string(out.join("4.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("/diana &amp;&amp; charla-check server --filter "));
}

#[test]
fn clients_are_a_class_too() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("class-of-clients");
    let _ = fs::remove_dir_all(&folder);
    let scripts = [
        ("ana", "exec \"$CLIENT\" \"$1:$2\""),
        ("bruno", "read -r name; exec 3<>/dev/tcp/$1/$2; echo HOLA >&3; sleep 600"),
    ];
    for (name, script) in scripts {
        fs::create_dir_all(folder.join("entregas").join(name)).unwrap();
        fs::write(folder.join("entregas").join(name).join("cliente.sh"), script).unwrap();
    }
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.env("CLIENT", env!("CARGO_BIN_EXE_charla-client")).arg("class").arg(folder.join("entregas"));
    check.args(["--client", "bash cliente.sh {host} {port}", "--quit", "exit", "--timeout-scale", "1"]);
    check.args(["--filter", "what-is-typed-is-said"]).arg("--out").arg(folder.join("informe"));
    let done = check.assert().code(1);
    assert_eq!(String::from_utf8_lossy(&done.get_output().stdout), "✓ ana\n✗ bruno\n");
    let page = fs::read_to_string(folder.join("informe/2.html")).unwrap();
    assert!(page.contains("charla-check client --quit exit --filter what-is-typed-is-said"), "{page}");
}

#[test]
fn who_has_no_time_left_is_not_said_to_conform() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("class-late");
    fs::create_dir_all(folder.join("entregas/ana")).unwrap();
    fs::write(folder.join("entregas/ana/servidor.sh"), SUBMISSIONS[0].1).unwrap();
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.env("SERVER", SERVER).arg("class").arg(folder.join("entregas")).args(["--server", "sh servidor.sh {port}"]);
    let done = check.args(["--limit", "0"]).arg("--out").arg(folder.join("informe")).assert().code(1);
    assert_eq!(String::from_utf8_lossy(&done.get_output().stdout), "✗ ana\n");
    assert!(fs::read_to_string(folder.join("informe/class.csv")).unwrap().contains("\"ana\",false,skip"));
}

#[test]
fn a_folder_without_submissions_is_bad_usage() {
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.args(["class", env!("CARGO_TARGET_TMPDIR"), "--server", "'"]).assert().code(2);
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.args(["class", "/no/such/folder", "--server", "true"]).assert().code(2);
}
