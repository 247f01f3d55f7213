//! A bot that answers what is said to it by name: to `Eco: hola` from Luis it says
//! `Luis dice: hola`. It ends with the connection.
//!
//! ```sh
//! cargo run --example echo_bot -- localhost Eco
//! ```

use std::env;
use std::error::Error;

use charla::client::{Event, connect, input};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: echo_bot HOST[:PORT] NAME".into());
    };
    let mut bot = connect(&address, &name).await?;
    let to_me = format!("{name}: ");
    loop {
        // One's own texts come as receipts, so it never answers itself.
        if let Event::Msg { name, text } = bot.event().await?
            && let Some(said) = text.strip_prefix(&to_me)
        {
            // This is addressed to nobody, so that two bots do not answer each other for ever.
            // With the name in front it may be too long for one text.
            for answer in input::texts(&format!("{name} dice: {said}")) {
                bot.say(&answer)?;
            }
        }
    }
}
