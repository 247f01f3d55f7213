//! The room without I/O, its time moved by hand.

use super::*;
