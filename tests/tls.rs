//! TLS, with the real programs: who gets in, what is refused and why, and that nobody who
//! only shakes hands harms the room.

mod common;

#[path = "tls/check.rs"]
mod check;
#[path = "tls/client.rs"]
mod client;
#[path = "tls/handshakes.rs"]
mod handshakes;
#[path = "tls/plain.rs"]
mod plain;
#[path = "tls/server.rs"]
mod server;

use common::server::Server;
use common::tls::{Authority, server_options};

/// A server for `localhost` of this authority, with more options.
fn server(authority: &Authority, more: &[&str]) -> Server {
    let options = server_options(&authority.issue("server"));
    let options: Vec<_> = options.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Server::with(&options)
}
