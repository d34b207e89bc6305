//! One account's tokens: those of `stable_token`, which stay the same while they live, and those of `token`, each of which
//! replaces the one before it. Neither kind knows of the other.

use super::quotas::day_of;
use super::refusal::{ACCESS_TOKEN_EXPIRED, DAILY_QUOTA, INVALID_CREDENTIAL, Refusal};
use contenthub::Timestamp;
use std::time::Duration;

/// How long old and new ones are good together, and how long before its end a stable one is replaced.
pub const HANDOVER: Duration = Duration::from_secs(300);
/// Two forced refreshes have to be so far apart; one that comes too early refreshes nothing.
const FORCED_APART: Duration = Duration::from_secs(30);
const FORCED_PER_DAY: usize = 20;
/// As long as WeChat says that one may be, so that whoever cuts them off is found out.
const LENGTH: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Stable,
    Ordinary,
}

/// `force_refresh` of `stable_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    WhenDue,
    Forced,
}

#[derive(Debug, Clone)]
struct Issued {
    text: String,
    line: Line,
    expires_at: Timestamp,
    /// Before `expires_at` where it was replaced.
    good_until: Timestamp,
}

/// A token as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    pub text: String,
    pub expires_in: Duration,
}

#[derive(Debug, Default)]
pub struct Tokens {
    /// The newest is the last one of its line.
    issued: Vec<Issued>,
    forced: Vec<Timestamp>,
}

impl Tokens {
    /// `stable_token`: the same one again until it is due, or a new one where that is forced.
    ///
    /// # Errors
    /// The daily quota of forced refreshes.
    pub fn stable(
        &mut self,
        refresh: Refresh,
        lifetime: Duration,
        id: impl FnOnce() -> String,
        now: Timestamp,
    ) -> Result<Handed, Refusal> {
        let is_forced = refresh == Refresh::Forced && self.may_force(now)?;
        let due = HANDOVER.min(lifetime / 2);
        let last = self.issued.iter_mut().rev().find(|one| one.line == Line::Stable);
        match last {
            Some(last) if last.good_until > now => {
                let left = last.good_until.since(now);
                if !is_forced && left > due {
                    return Ok(Handed { text: last.text.clone(), expires_in: left });
                }
                last.good_until = if is_forced { now } else { now + HANDOVER };
            }
            _ => {}
        }
        Ok(self.issue(Line::Stable, lifetime, id(), now))
    }

    /// `token`: always a new one. The last one is good for the hand-over, those before it no longer.
    pub fn ordinary(&mut self, lifetime: Duration, id: String, now: Timestamp) -> Handed {
        let earlier = self.issued.iter_mut().rev().filter(|one| one.line == Line::Ordinary);
        for (place, one) in earlier.enumerate() {
            let until = if place == 0 { now + HANDOVER } else { now };
            one.good_until = one.good_until.min(until);
        }
        self.issue(Line::Ordinary, lifetime, id, now)
    }

    pub fn has(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// # Errors
    /// `access_token expired` where its time is over, `invalid credential` where it was replaced or revoked.
    pub fn check(&self, text: &str, now: Timestamp) -> Result<(), Refusal> {
        match self.find(text) {
            None => Err(INVALID_CREDENTIAL),
            Some(one) if now < one.good_until => Ok(()),
            Some(one) if one.good_until < one.expires_at => Err(INVALID_CREDENTIAL),
            Some(_) => Err(ACCESS_TOKEN_EXPIRED),
        }
    }

    /// As if somebody else had fetched new ones.
    pub fn revoke(&mut self, now: Timestamp) {
        for one in &mut self.issued {
            one.good_until = one.good_until.min(now);
        }
    }

    fn find(&self, text: &str) -> Option<&Issued> {
        self.issued.iter().rev().find(|one| one.text == text)
    }

    fn may_force(&mut self, now: Timestamp) -> Result<bool, Refusal> {
        if self.forced.last().is_some_and(|last| now.since(*last) < FORCED_APART) {
            return Ok(false);
        }
        if self.forced.iter().filter(|at| day_of(**at) == day_of(now)).count() >= FORCED_PER_DAY {
            return Err(DAILY_QUOTA);
        }
        self.forced.push(now);
        Ok(true)
    }

    fn issue(&mut self, line: Line, lifetime: Duration, id: String, now: Timestamp) -> Handed {
        let text = format!("98_{}", id.repeat(LENGTH / id.len() + 1));
        let text = text[..LENGTH].to_owned();
        let expires_at = now + lifetime;
        self.issued.push(Issued { text: text.clone(), line, expires_at, good_until: expires_at });
        Handed { text, expires_in: lifetime }
    }
}
