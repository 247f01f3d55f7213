//! Reports: one run, told in several ways. All are made from the one
//! [`Run`](super::run::result::Run), and none of them judges.

pub mod class;
pub mod html;
pub mod json;
pub mod junit;
mod svg;
pub mod tap;
pub mod text;

#[cfg(test)]
mod tests;
