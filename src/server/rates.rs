//! How fast a client may send: lines and bytes a second, as token buckets.
//!
//! Who is over its rate is read later, so that its own TCP holds it back: nothing is dropped,
//! nobody is put out (SPEC.md, "A slow reader"). The rates are the same for all; what a client has used
//! of them is a number for each, which it carries with it.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::Options;

/// The most that is read at a time of a client that has rates to keep, in bytes. It bounds what one that
/// is over them holds of what it sent too early.
pub(super) const READ: usize = 4096;

/// The rates that each client keeps.
#[derive(Debug)]
pub(super) struct Rates {
    lines: Option<Limiter>,
    bytes: Option<Limiter>,
    /// How often somebody had to wait.
    delayed: AtomicU64,
}

/// What a client has used of its rates.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    lines: Bucket,
    bytes: Bucket,
}

type Limiter = RateLimiter<Bucket, Carried, Time, NoOpMiddleware<Nanos>>;

impl Rates {
    /// `None` where clients may send as fast as they like.
    pub(super) fn new(options: &Options) -> Option<Rates> {
        let lines = limiter(options.lines_per_second, options.burst, 1);
        // What one read brings fits into the bucket.
        let bytes = limiter(options.bytes_per_second, options.burst, READ);
        (lines.is_some() || bytes.is_some()).then(|| Rates { lines, bytes, delayed: AtomicU64::new(0) })
    }

    /// How much of the front of `bytes` a client may send now, and how long the rest has to wait.
    pub(super) fn admit(&self, used: &mut Used, bytes: &[u8]) -> (usize, Duration) {
        let mut admitted = 0;
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            if let Err(wait) = self.pay(used, piece) {
                self.delayed.fetch_add(1, Ordering::Relaxed);
                return (admitted, wait);
            }
            admitted += piece.len();
        }
        (admitted, Duration::ZERO)
    }

    /// How often a client was read later.
    pub(super) fn delayed(&self) -> u64 {
        self.delayed.load(Ordering::Relaxed)
    }

    /// Pays for a line or a part of one: nothing, where it cannot pay for all. The error is how long it
    /// has to wait.
    fn pay(&self, used: &mut Used, piece: &[u8]) -> Result<(), Duration> {
        let paid = used.clone();
        if piece.ends_with(b"\n") {
            take(self.lines.as_ref(), &paid.lines, 1)?;
        }
        take(self.bytes.as_ref(), &paid.bytes, piece.len())?;
        *used = paid;
        Ok(())
    }
}

/// A bucket that fills at this rate and holds what comes in so many seconds, `least` at least. A rate of
/// nought is none.
fn limiter(rate: u32, burst: Duration, least: usize) -> Option<Limiter> {
    let rate = NonZeroU32::new(rate)?;
    let burst = u64::from(rate.get()).saturating_mul(burst.as_secs()).max(least as u64);
    let burst = NonZeroU32::new(u32::try_from(burst).unwrap_or(u32::MAX))?;
    Some(RateLimiter::new(Quota::per_second(rate).allow_burst(burst), Carried, Time(Instant::now())))
}

fn take(limiter: Option<&Limiter>, bucket: &Bucket, n: usize) -> Result<(), Duration> {
    let (Some(limiter), Some(n)) = (limiter, u32::try_from(n).ok().and_then(NonZeroU32::new)) else { return Ok(()) };
    match limiter.check_key_n(bucket, n) {
        Ok(Err(early)) => Err(early.wait_time_from(limiter.clock().now())),
        // It is never asked for more than it holds.
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

/// The state of a bucket: when it will be full again, in nanoseconds of the limiter's time.
///
/// To governor it is the key under which the state is found: no map has to be looked through, and
/// nothing is left behind when a client goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bucket(Cell<u64>);

impl Hash for Bucket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.get().hash(state);
    }
}

/// The store of governor: each key carries its own state.
#[derive(Debug)]
struct Carried;

impl StateStore for Carried {
    type Key = Bucket;

    fn measure_and_replace<T, F, E>(&self, bucket: &Bucket, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let full = NonZeroU64::new(bucket.0.get()).map(|full| Nanos::from(full.get()));
        let (decided, full) = decide(full)?;
        bucket.0.set(full.into());
        Ok(decided)
    }
}

/// The time of the runtime since this, which tests and simulations move by hand.
#[derive(Debug)]
struct Time(Instant);

impl Clock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn rates(lines_per_second: u32, bytes_per_second: u32) -> Rates {
        let burst = Duration::from_secs(2);
        Rates::new(&Options { lines_per_second, bytes_per_second, burst, ..Options::default() }).unwrap()
    }

    /// Sends this, waiting as long as it has to; gives the milliseconds that took.
    async fn send(rates: &Rates, used: &mut Used, mut bytes: &[u8]) -> u128 {
        let start = Instant::now();
        while !bytes.is_empty() {
            let (admitted, wait) = rates.admit(used, bytes);
            bytes = &bytes[admitted..];
            advance(wait).await;
        }
        start.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_lines_at_once_then_so_many_a_second() {
        let (rates, mut used) = (rates(10, 0), Used::default());
        assert_eq!(send(&rates, &mut used, "MSG hola\n".repeat(20).as_bytes()).await, 0);
        assert_eq!(send(&rates, &mut used, b"\n".repeat(30).as_slice()).await, 3000);
        advance(Duration::from_secs(1)).await;
        assert_eq!(send(&rates, &mut used, b"BYE\n".repeat(11).as_slice()).await, 100);
        advance(Duration::from_hours(1)).await;
        assert_eq!(send(&rates, &mut used, b"BYE\n".repeat(21).as_slice()).await, 100);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_bytes_at_once_then_so_many_a_second_with_or_without_lines() {
        let (rates, mut used) = (rates(0, 10_000), Used::default());
        for _ in 0..20 {
            assert_eq!(send(&rates, &mut used, &[b'x'; 1000]).await, 0);
        }
        assert_eq!(send(&rates, &mut used, &b"x\n".repeat(2500)).await, 500);
        assert_eq!(send(&rates, &mut used, &[b'x'; 1000]).await, 100);
    }

    /// Where one of both is short, the other is not used.
    #[tokio::test(start_paused = true)]
    async fn who_waits_for_bytes_has_not_paid_for_the_line() {
        let (rates, mut used) = (rates(10, 4000), Used::default());
        let line = format!("MSG {}\n", "x".repeat(995));
        assert_eq!(send(&rates, &mut used, line.repeat(8).as_bytes()).await, 0);
        for _ in 0..30 {
            assert_eq!(send(&rates, &mut used, line.as_bytes()).await, 250);
        }
        assert_eq!(rates.lines.as_ref().unwrap().check_key_n(&used.lines, NonZeroU32::new(19).unwrap()), Ok(Ok(())));
    }

    /// What a read brings can be paid, however little a second has.
    #[tokio::test(start_paused = true)]
    async fn the_smallest_rates_let_every_line_through() {
        let (rates, mut used) = (rates(1, 1), Used::default());
        assert_eq!(send(&rates, &mut used, &[b'x'; READ]).await, 0);
        assert_eq!(send(&rates, &mut used, b"hola\n").await, 5000);
    }

    #[test]
    fn each_can_be_lifted() {
        let lifted = |lines_per_second, bytes_per_second| {
            Rates::new(&Options { lines_per_second, bytes_per_second, ..Options::default() }).is_none()
        };
        assert!(lifted(0, 0) && !lifted(1, 0) && !lifted(0, 1));
    }
}
