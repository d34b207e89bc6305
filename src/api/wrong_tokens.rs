//! Whoever tries tokens is slowed down, address by address. Only refusals are counted and only refusals are held back:
//! a right token is never asked where it comes from.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// For how long wrong tokens of an address are counted, from the first.
const WINDOW: Duration = Duration::from_secs(60);
/// The most addresses that are told apart. Whoever comes then is counted together with all others who do.
const ADDRESSES_MAX: usize = 10_000;
/// How long a full table is left alone after it was cleared of what is over.
const CLEAR_EVERY: Duration = Duration::from_secs(1);

/// Wrong tokens of the last minute, by address.
#[derive(Debug)]
pub struct WrongTokens {
    /// How many are answered with a plain refusal.
    free: u32,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    of_address: HashMap<IpAddr, Window>,
    /// Those without an address, and those for whom there is no room.
    of_others: Window,
    cleared_at: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    began: Duration,
    count: u32,
}

impl WrongTokens {
    /// `free` wrong ones a minute are refused like any other request.
    pub fn new(free: u32) -> Self {
        WrongTokens { free, table: Mutex::default() }
    }

    /// Counts a wrong token of an address at `now`, by the monotonic clock. Beyond the free ones: how many seconds to wait.
    pub fn count(&self, address: Option<IpAddr>, now: Duration) -> Option<u32> {
        let mut table = self.table.lock();
        let window = table.window(address.map(network), now);
        if now >= window.began + WINDOW {
            *window = Window { began: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        (window.count > self.free).then(|| {
            let left = window.began + WINDOW - now;
            u32::try_from(left.as_secs()).unwrap_or(u32::MAX) + u32::from(left.subsec_nanos() > 0)
        })
    }
}

impl Table {
    fn window(&mut self, address: Option<IpAddr>, now: Duration) -> &mut Window {
        let Some(address) = address else { return &mut self.of_others };
        if !self.of_address.contains_key(&address) && self.of_address.len() >= ADDRESSES_MAX {
            if now >= self.cleared_at + CLEAR_EVERY {
                self.of_address.retain(|_, window| now < window.began + WINDOW);
                self.cleared_at = now;
            }
            if self.of_address.len() >= ADDRESSES_MAX {
                return &mut self.of_others;
            }
        }
        self.of_address.entry(address).or_insert(Window { began: now, count: 0 })
    }
}

/// A customer has one IPv4 address, and of IPv6 a network of 64 bits at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn an_address_waits_for_the_end_of_its_minute() {
        let wrong = WrongTokens::new(3);
        let here = address("192.0.2.1");
        for second in 0..3 {
            assert_eq!(wrong.count(here, second * SECOND), None);
        }
        assert_eq!(wrong.count(here, 10 * SECOND), Some(50));
        assert_eq!(wrong.count(address("192.0.2.2"), 10 * SECOND), None, "another address");
        assert_eq!(wrong.count(address("::ffff:192.0.2.1"), 59 * SECOND), Some(1), "the same in IPv6");
        assert_eq!(wrong.count(here, 60 * SECOND), None, "another minute");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let wrong = WrongTokens::new(1);
        assert_eq!(wrong.count(address("2001:db8:1:2::1"), SECOND), None);
        assert!(wrong.count(address("2001:db8:1:2:ffff::9"), SECOND).is_some());
        assert_eq!(wrong.count(address("2001:db8:1:3::1"), SECOND), None);
    }

    #[test]
    fn the_table_has_an_end_and_those_beyond_it_share_a_window() {
        let wrong = WrongTokens::new(1);
        let nth = |number: usize| Some(IpAddr::from([10, 0, (number / 256) as u8, (number % 256) as u8]));
        for number in 0..ADDRESSES_MAX {
            assert_eq!(wrong.count(nth(number), SECOND), None);
        }
        assert_eq!(wrong.count(nth(ADDRESSES_MAX), 2 * SECOND), None, "the first of the others");
        assert!(wrong.count(nth(ADDRESSES_MAX + 1), 2 * SECOND).is_some());
        assert_eq!(wrong.table.lock().of_address.len(), ADDRESSES_MAX);
        assert!(wrong.count(nth(5), 3 * SECOND).is_some(), "who is in it is told apart");
        assert_eq!(wrong.count(nth(ADDRESSES_MAX + 2), 62 * SECOND), None, "there is room again");
        assert_eq!(wrong.table.lock().of_address.len(), 1);
    }
}
