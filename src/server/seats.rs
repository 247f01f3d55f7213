//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;

use super::Options;

/// What of an IPv6 address counts: whoever has one address has all of its /64.
const NETWORK: u128 = !0 << 64;

/// The seats that are taken.
#[derive(Debug)]
pub(super) struct Seats {
    most: usize,
    most_for_one: Option<NonZeroUsize>,
    limit_loopback: bool,
    taken: usize,
    /// The addresses that are counted and have any.
    by_address: HashMap<IpAddr, usize>,
}

impl Seats {
    pub(super) fn new(options: &Options) -> Seats {
        Seats {
            most: options.max_connections,
            most_for_one: NonZeroUsize::new(options.max_per_address),
            limit_loopback: options.limit_loopback,
            taken: 0,
            by_address: HashMap::new(),
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    pub(super) fn are_all_taken(&self) -> bool {
        self.taken >= self.most
    }

    /// Takes a seat for this peer, if there is one for it.
    pub(super) fn take(&mut self, peer: IpAddr) -> bool {
        if self.are_all_taken() {
            return false;
        }
        if let Some((address, most)) = self.counted(peer) {
            let taken = self.by_address.entry(address).or_default();
            // One that has none yet is not left behind: the most is at least one.
            if *taken >= most.get() {
                return false;
            }
            *taken += 1;
        }
        self.taken += 1;
        true
    }

    /// Gives back a seat that was taken for this peer.
    pub(super) fn free(&mut self, peer: IpAddr) {
        self.taken -= 1;
        if let Some((address, _)) = self.counted(peer)
            && let Some(taken) = self.by_address.get_mut(&address)
        {
            *taken -= 1;
            if *taken == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// As what a peer is counted, and how many it may have; `None` where that does not matter.
    fn counted(&self, peer: IpAddr) -> Option<(IpAddr, NonZeroUsize)> {
        let address = match peer.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
            address => address,
        };
        let exempt = address.is_loopback() && !self.limit_loopback;
        self.most_for_one.filter(|_| !exempt).map(|most| (address, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(most: usize, most_for_one: usize, limit_loopback: bool) -> Seats {
        let options =
            Options { max_connections: most, max_per_address: most_for_one, limit_loopback, ..Options::default() };
        Seats::new(&options)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many of these get a seat.
    fn taken(seats: &mut Seats, peers: &[&str]) -> usize {
        peers.iter().filter(|peer| seats.take(address(peer))).count()
    }

    /// [LIMIT-3]
    #[test]
    fn one_address_leaves_seats_for_others() {
        let mut seats = seats(10, 2, false);
        assert_eq!(taken(&mut seats, &["192.0.2.1"; 3]), 2);
        assert_eq!(taken(&mut seats, &["192.0.2.2"]), 1);
        seats.free(address("192.0.2.1"));
        assert_eq!(taken(&mut seats, &["192.0.2.1"; 2]), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_ipv4_inside_ipv6_is_ipv4() {
        let mut seats = seats(10, 2, false);
        assert_eq!(taken(&mut seats, &["2001:db8::1", "2001:db8::2:1", "2001:db8:0:0:ffff::3"]), 2);
        assert_eq!(taken(&mut seats, &["2001:db8:0:1::1"]), 1);
        assert_eq!(taken(&mut seats, &["192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.1"]), 2);
        assert_eq!(taken(&mut seats, &["::ffff:192.0.2.2"]), 1);
    }

    #[test]
    fn this_machine_is_not_counted_unless_it_is_asked_for() {
        let here = ["127.0.0.1", "127.0.0.1", "::1", "::1", "::ffff:127.0.0.1"];
        assert_eq!(taken(&mut seats(10, 1, false), &here), here.len());
        assert_eq!(taken(&mut seats(10, 1, true), &here), 2);
    }

    #[test]
    fn nought_is_no_limit_for_one_address() {
        assert_eq!(taken(&mut seats(10, 0, true), &["192.0.2.1"; 11]), 10);
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_gone() {
        let mut seats = seats(2, 2, false);
        for _ in 0..3 {
            assert_eq!(taken(&mut seats, &["192.0.2.1", "2001:db8::1", "192.0.2.1"]), 2);
            seats.free(address("192.0.2.1"));
            seats.free(address("2001:db8::1"));
        }
        assert!(seats.by_address.is_empty());
    }
}
