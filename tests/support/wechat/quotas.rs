//! How often one account may ask each interface. WeChat counts by days of Beijing, and some interfaces by the minute.

use super::interface::Interface;
use super::refusal::{DAILY_QUOTA, MINUTE_QUOTA, Refusal};
use contenthub::Timestamp;
use std::collections::BTreeMap;

const BEIJING_SECONDS: i64 = 8 * 3600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    Minute,
    Day,
}

#[derive(Debug)]
pub struct Quotas {
    limits: BTreeMap<(Interface, Span), u64>,
    /// Which minute or day is counted, and how often it was asked in it.
    asked: BTreeMap<(Interface, Span), (i64, u64)>,
}

impl Default for Quotas {
    /// What is documented. WeChat shows each account its own numbers for the others, so there is none here until a test
    /// gives one.
    fn default() -> Self {
        let limits = [
            ((Interface::Token, Span::Day), 2_000),
            ((Interface::StableToken, Span::Minute), 10_000),
            ((Interface::StableToken, Span::Day), 500_000),
        ];
        Quotas { limits: limits.into(), asked: BTreeMap::new() }
    }
}

impl Quotas {
    pub fn limit(&mut self, interface: Interface, span: Span, times: u64) {
        self.limits.insert((interface, span), times);
    }

    /// Counts a request.
    ///
    /// # Errors
    /// Where it is one too many.
    pub fn take(&mut self, interface: Interface, now: Timestamp) -> Result<(), Refusal> {
        for (span, which, refusal) in
            [(Span::Minute, minute_of(now), MINUTE_QUOTA), (Span::Day, day_of(now), DAILY_QUOTA)]
        {
            let counted = self.asked.entry((interface, span)).or_default();
            if counted.0 != which {
                *counted = (which, 0);
            }
            counted.1 += 1;
            if self.limits.get(&(interface, span)).is_some_and(|limit| counted.1 > *limit) {
                return Err(refusal);
            }
        }
        Ok(())
    }
}

/// The number of a day, as it is in Beijing.
pub fn day_of(at: Timestamp) -> i64 {
    (seconds(at) + BEIJING_SECONDS).div_euclid(86_400)
}

fn minute_of(at: Timestamp) -> i64 {
    seconds(at).div_euclid(60)
}

fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}
