//! Open files: as many as the system lets the server have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the soft limit to the hard one, which only its administrator can raise, and warns
/// where that is not enough.
pub(crate) fn allow(needed: u64) {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    // Without a number there is no limit.
    let allowed = if raised.is_ok() { limit.maximum } else { limit.current };
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        warn!(
            allowed,
            needed,
            "not enough open files for all connections: raise their limit (ulimit -Hn, or LimitNOFILE= in the unit) or lower --max-connections"
        );
    }
}
