//! The codes that follow `BYE`: why a connection ends.
//!
//! This is the one table of them; SPEC.md, "Refusals", is its source. A server
//! sends only these; a client meets codes that it does not know and bears them.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal,)+) => {
        /// Why a server ends a connection: the word after `BYE`.
        ///
        /// ```
        /// use charla::proto::Code;
        /// assert_eq!(Code::NameTaken.as_str(), "name-taken");
        /// assert_eq!(Code::from_wire("name-taken"), Some(Code::NameTaken));
        /// assert_eq!(Code::from_wire("of-a-later-version"), None);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code of version 1, in the order of the table of SPEC.md.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $wire,)+ }
            }

            /// The code of this word, or `None` for one of a later version.
            #[must_use]
            pub fn from_wire(word: &str) -> Option<Code> {
                match word { $($wire => Some(Code::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    /// Answers the client's `BYE`, or its end of stream.
    Quit = "quit",
    /// The name is against the rules for names.
    NameInvalid = "name-invalid",
    /// Someone in the room has the same name.
    NameTaken = "name-taken",
    /// The line is not in the grammar.
    BadLine = "bad-line",
    /// `MSG` before `NAME`, or `NAME` a second time.
    BadState = "bad-state",
    /// A text or a line is over its limit.
    TooLong = "too-long",
    /// No `NAME` came in time.
    Timeout = "timeout",
    /// The client lags further behind the room than the server keeps.
    TooSlow = "too-slow",
    /// The server takes no more connections.
    Full = "full",
    /// The server stops.
    Shutdown = "shutdown",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
