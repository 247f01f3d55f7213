//! A bridge between two rooms: what is said in one it says in the other, as `name: text`.
//! It ends with either connection. Two bridges between the same rooms would carry each
//! other's texts for ever.
//!
//! ```sh
//! cargo run --example bridge -- localhost:65434 localhost:65435 Puente
//! ```

use std::env;
use std::error::Error;

use charla::client::{Client, Event, connect, input};
use tokio::net::TcpStream;

/// How many texts may wait for a room. It takes them sooner or later, or ends the
/// connection; one that does neither is not waited for, lest the other one waits too.
const MOST: usize = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(first), Some(second), Some(name)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: bridge HOST[:PORT] HOST[:PORT] NAME".into());
    };
    let mut left = connect(&first, &name).await?;
    let mut right = connect(&second, &name).await?;
    loop {
        // Both are awaited all the time, since what is said goes out while one is awaited.
        tokio::select! {
            event = left.event() => carry(event?, &mut right)?,
            event = right.event() => carry(event?, &mut left)?,
        }
    }
}

/// One's own texts come as receipts, so what was carried is not carried back.
fn carry(event: Event, there: &mut Client<TcpStream>) -> Result<(), Box<dyn Error>> {
    let Event::Msg { name, text } = event else { return Ok(()) };
    if there.waiting() > MOST {
        return Err("the other room takes no more texts".into());
    }
    // With the name in front it may be too long for one text.
    for part in input::texts(&format!("{name}: {text}")) {
        there.say(&part)?;
    }
    Ok(())
}
