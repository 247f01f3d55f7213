//! What a line is: to a server before `NAME` and in the room, and to a client.

use charla::proto::server_session::{Opening, Request, Waiting};
use charla::proto::{Code, Cut, LineCutter, Name, ServerLine};

use super::reference::{Asked, grammar, judge};

/// The bytes are lines; each is judged for itself.
pub fn run(data: &[u8]) {
    for line in data.split(|&b| b == b'\n') {
        to_a_server(line);
        to_a_client(line);
    }
}

/// What it asks for, or the code that it is refused with.
fn to_a_server(line: &[u8]) {
    let sent = [line, b"\r\n"].concat();
    let line = match LineCutter::default().next(&mut &sent[..]) {
        Some(Cut::Line(line)) => Some(line.to_vec()),
        Some(Cut::TooLong) => None,
        None => panic!("a whole line was not cut"),
    };
    let line = line.as_deref();
    let waiting = Waiting::default();
    assert_eq!(before_name(&waiting, line), judge(line, false));
    let joined = waiting.accepted(Name::new("Ana").unwrap());
    let said = line.ok_or(Code::TooLong).and_then(|line| joined.line(line));
    let said = said.map(|request| match request {
        None => Asked::Nothing,
        Some(Request::Say(text)) => Asked::Say(text.as_str()),
        Some(Request::Bye) => Asked::Leave,
    });
    assert_eq!(said.map_err(Code::as_str), judge(line, true));
}

fn before_name<'a>(waiting: &Waiting, line: Option<&'a [u8]>) -> Result<Asked<'a>, &'static str> {
    match line.ok_or(Code::TooLong).and_then(|line| waiting.line(line)).map_err(Code::as_str)? {
        None => Ok(Asked::Nothing),
        Some(Opening::Bye) => Ok(Asked::Leave),
        Some(Opening::Join(name)) => {
            let field = line.and_then(|line| line.strip_prefix(b"NAME ")).unwrap();
            assert_eq!(name.as_str().as_bytes(), field, "a name is kept as it was given");
            Ok(Asked::Join(str::from_utf8(field).unwrap()))
        }
    }
}

fn to_a_client(line: &[u8]) {
    let read = ServerLine::parse(line).ok().map(|line| match line {
        ServerLine::Join(name) => grammar::ServerLine::Join(name),
        ServerLine::Leave(name) => grammar::ServerLine::Leave(name),
        ServerLine::Msg { name, text } => grammar::ServerLine::Msg(name, text),
        ServerLine::Bye { code, text } => grammar::ServerLine::Bye(code, text),
    });
    assert_eq!(read, grammar::server_line(line));
}
