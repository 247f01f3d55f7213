//! Every word that the client shows, in Spanish (SPEC.md, appendix A).
//!
//! What comes from the network is made [`safe`] here and nowhere else: nothing in
//! a name, a text, or the human text of a `BYE` can move a cursor, recolour,
//! reorder or begin a line. All of it returns one line without its end.

use std::io;

use super::{Address, Ending, Event};
use crate::proto::client_session::{Farewell, Fate};
use crate::proto::{Code, MAX_NAME, Name, NameError};
use crate::safe::safe;

/// The prompt for the name.
pub const NAME_PROMPT: &str = "Ingresa tu nombre: ";

/// The prompt for a text, and what stands before one's own in the transcript.
pub const TEXT_PROMPT: &str = "Tú: ";

/// The line of the transcript for an event, for one who joined under this name.
#[must_use]
pub fn event(event: &Event, name: &Name) -> String {
    match event {
        Event::Joined { .. } => format!("Bienvenido al chat, {name}!"),
        Event::Join(name) => format!(">>> {} se ha unido al chat", safe(name)),
        Event::Leave(name) => format!(">>> {} ha salido del chat", safe(name)),
        Event::Msg { name, text } => format!("{}: {}", safe(name), safe(text)),
        Event::Receipt(text) => format!("{TEXT_PROMPT}{}", safe(text)),
    }
}

/// Why the connection ended, and what to do next.
#[must_use]
pub fn ending(ending: &Ending, address: &Address) -> String {
    let (reason, advice) = match ending {
        Ending::Bye(farewell) => told(farewell),
        Ending::EndOfStream => ("el servidor la cerró sin despedirse".to_owned(), "Inténtalo más tarde."),
        Ending::Broken(kind) => (format!("se ha roto: {}", broken(*kind)), "Comprueba la red e inténtalo de nuevo."),
    };
    format!("Fin de la conexión con {address}: {reason}. {advice}")
}

/// Why the server does not take the name.
#[must_use]
pub fn refused(name: &Name, farewell: &Farewell) -> String {
    let (reason, advice) = told(farewell);
    format!("No se puede entrar como «{name}»: {reason}. {advice}")
}

/// Why what was given is no name.
#[must_use]
pub fn bad_name(given: &str, error: NameError) -> String {
    let given = safe(given);
    match error {
        NameError::Empty => "El nombre está vacío. Elige uno.".to_owned(),
        NameError::TooLong(n) => {
            format!("«{given}» no es un nombre: tiene {n} bytes, y caben {MAX_NAME}. Elige otro más corto.")
        }
        NameError::Forbidden(' ') => {
            format!("«{given}» no es un nombre: tiene espacios. Elige otro sin ellos.")
        }
        NameError::Forbidden(c) => {
            format!("«{given}» no es un nombre: tiene el carácter U+{:04X}. Elige otro sin él.", u32::from(c))
        }
        NameError::Key => format!("«{given}» no es un nombre: lo que se compara de él no lo es. Elige otro."),
    }
}

/// Why there is no connection.
#[must_use]
pub fn unreachable(address: &Address, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nadie escucha ahí".to_owned(),
        io::ErrorKind::TimedOut => "no responde".to_owned(),
        _ => error.to_string(),
    };
    format!("No se puede conectar con {address}: {reason}. Comprueba la dirección y que el servidor esté en marcha.")
}

/// A text that has no receipt, and what became of it.
#[must_use]
pub fn undelivered(fate: Fate, text: &str) -> String {
    let text = safe(text);
    match fate {
        Fate::NotSaid => format!("sin entregar: {text}"),
        Fate::Unknown => format!("no se sabe si se entregó: {text}"),
    }
}

/// What was typed was lost: it was no UTF-8.
pub const NOT_UTF8: &str = "Lo tecleado no era UTF-8 y se ha perdido. Escríbelo de nuevo.";

/// The connection ended before the input.
pub const UNREAD: &str = "La entrada no se leyó hasta el final: lo que seguía no se ha dicho.";

/// Why, with the server's own words, and what to do next.
fn told(farewell: &Farewell) -> (String, &'static str) {
    let (reason, advice) = match Code::from_wire(&farewell.code) {
        Some(code) => reason(code),
        None => ("el servidor da un motivo que este cliente no conoce", "Inténtalo más tarde."),
    };
    let words = match &farewell.text {
        Some(text) => format!("{}: {}", farewell.code, safe(text)),
        None => farewell.code.clone(),
    };
    (format!("{reason} ({words})"), advice)
}

/// Why, and what to do next: the one table of it.
fn reason(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Quit => ("el servidor se ha despedido", "Vuelve a entrar cuando quieras."),
        Code::NameInvalid => ("el nombre no es válido", "Elige otro, sin espacios ni caracteres invisibles."),
        Code::NameTaken => ("el nombre ya está en uso", "Elige otro."),
        Code::BadLine => ("el servidor no entiende lo enviado", "Comprueba que sea un servidor de Charla 1."),
        Code::BadState => ("el servidor no esperaba lo enviado", "Comprueba que sea un servidor de Charla 1."),
        Code::TooLong => ("lo enviado es demasiado largo", "Comprueba que sea un servidor de Charla 1."),
        Code::Timeout => ("el nombre no llegó a tiempo", "Vuelve a entrar."),
        Code::TooSlow => ("este cliente leía demasiado despacio", "Vuelve a entrar."),
        Code::Full => ("el servidor está lleno", "Inténtalo más tarde."),
        Code::Shutdown => ("el servidor se ha detenido", "Inténtalo más tarde."),
    }
}

fn broken(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionReset => "el servidor la cortó".to_owned(),
        io::ErrorKind::Interrupted => "no se esperó a la despedida del servidor".to_owned(),
        io::ErrorKind::TimedOut => "el servidor no responde".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_reason() {
        let reasons: std::collections::HashSet<_> = Code::ALL.iter().map(|&code| reason(code).0).collect();
        assert_eq!(reasons.len(), Code::ALL.len());
    }

    #[test]
    fn the_words_of_the_server_stand_after_the_reason() {
        let farewell = Farewell { code: "full".to_owned(), text: Some("\u{1b}[2Jvuelve".to_owned()) };
        let line = ending(&Ending::Bye(farewell), &"localhost".parse().unwrap());
        assert_eq!(
            line,
            "Fin de la conexión con localhost:65434: el servidor está lleno (full: \u{fffd}[2Jvuelve). Inténtalo más tarde."
        );
    }
}
