//! The real `charla-client` against a scripted server: through pipes, and in a
//! pseudo-terminal, where what counts is what a person sees.
#![cfg(feature = "cli")]

mod common;

#[path = "client/bots.rs"]
mod bots;
#[path = "client/commands.rs"]
mod commands;
#[path = "client/editing.rs"]
mod editing;
#[path = "client/ending.rs"]
mod ending;
#[path = "client/history.rs"]
mod history;
#[path = "client/pipe.rs"]
mod pipe;
#[path = "client/returning.rs"]
mod returning;
#[path = "client/returning_typed.rs"]
mod returning_typed;
#[path = "client/seeing.rs"]
mod seeing;
#[path = "client/wire.rs"]
mod wire;
