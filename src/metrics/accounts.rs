//! What a node has counted account by account. An account that is gone is forgotten, so that there are never more than there
//! are accounts.

use super::Counter;
use super::histogram::{Histogram, OF_LATENESS, OF_REQUESTS};
use crate::domain::ended_as::EndedAs;
use crate::domain::ids::AccountId;
use crate::domain::lateness::{GAVE_UP, TOO_LATE, Why};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What was counted of one account.
#[derive(Debug)]
pub struct AccountMeter {
    ended: [Counter; EndedAs::ALL.len()],
    too_late: Counter,
    gave_up: Counter,
    /// How long requests were on the wire.
    pub publishing: Histogram,
    /// How long after they were due attempts began.
    pub lateness: Histogram,
}

impl Default for AccountMeter {
    fn default() -> Self {
        AccountMeter {
            ended: Default::default(),
            too_late: Counter::default(),
            gave_up: Counter::default(),
            publishing: Histogram::new(&OF_REQUESTS),
            lateness: Histogram::new(&OF_LATENESS),
        }
    }
}

impl AccountMeter {
    /// Attempts that came to this.
    pub fn ended(&self, kind: EndedAs) -> &Counter {
        &self.ended[kind as usize]
    }

    /// Entries that nobody waits for any longer, by why.
    pub fn missed(&self) -> [(&'static str, &Counter); 2] {
        [(TOO_LATE, &self.too_late), (GAVE_UP, &self.gave_up)]
    }

    fn has_missed(&self, why: Why) {
        match why {
            Why::TooLate { .. } => self.too_late.add(1),
            Why::GaveUp { .. } => self.gave_up.add(1),
        }
    }
}

/// The accounts of a node. Whoever has a meter in his hand counts without a lock.
#[derive(Debug, Default)]
pub struct Accounts(Mutex<HashMap<AccountId, Known>>);

#[derive(Debug, Default)]
struct Known {
    /// None until somebody has looked it up.
    name: Option<String>,
    meter: Arc<AccountMeter>,
}

/// An account as it is shown.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: AccountId,
    pub name: String,
    pub meter: Arc<AccountMeter>,
}

impl Accounts {
    pub fn of(&self, id: AccountId) -> Arc<AccountMeter> {
        self.0.lock().entry(id).or_default().meter.clone()
    }

    /// What attempts came to.
    pub fn ended(&self, all: impl Iterator<Item = (AccountId, EndedAs)>) {
        let mut known = self.0.lock();
        for (id, kind) in all {
            known.entry(id).or_default().meter.ended(kind).add(1);
        }
    }

    /// Entries that nobody waits for any longer.
    pub fn missed(&self, all: &[(AccountId, Why)]) {
        if all.is_empty() {
            return;
        }
        let mut known = self.0.lock();
        for (id, why) in all {
            known.entry(*id).or_default().meter.has_missed(*why);
        }
    }

    /// These are all the accounts that there are, with their names. One that was never named and is newer than these may
    /// have been made since they were read.
    pub fn are(&self, names: &BTreeMap<AccountId, &str>) {
        let newest = names.last_key_value().map(|(id, _)| *id);
        let mut known = self.0.lock();
        known.retain(|id, one| names.contains_key(id) || (one.name.is_none() && Some(*id) > newest));
        for (id, name) in names {
            let one = known.entry(*id).or_default();
            if one.name.as_deref() != Some(*name) {
                one.name = Some((*name).to_owned());
            }
        }
    }

    /// Those whose names are known, in the order of their ids.
    pub fn named(&self) -> Vec<Named> {
        let known = self.0.lock();
        let named = known.iter().filter_map(|(id, one)| {
            Some(Named { id: *id, name: one.name.clone()?, meter: one.meter.clone() })
        });
        let mut named: Vec<Named> = named.collect();
        named.sort_unstable_by_key(|one| one.id);
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use std::time::Duration;

    fn names(accounts: &Accounts) -> Vec<(i64, String)> {
        accounts.named().into_iter().map(|one| (one.id.0, one.name)).collect()
    }

    #[test]
    fn an_account_that_is_gone_is_forgotten_and_a_new_one_is_not() {
        let accounts = Accounts::default();
        for id in [1, 2, 9] {
            accounts.ended([(AccountId(id), EndedAs::Published)].into_iter());
        }
        assert_eq!(names(&accounts), [], "nobody has looked up their names");
        accounts.are(&[(AccountId(1), "blog"), (AccountId(3), "site")].into());
        assert_eq!(names(&accounts), [(1, "blog".to_owned()), (3, "site".to_owned())]);
        let count = |id| accounts.of(AccountId(id)).ended(EndedAs::Published).get();
        assert_eq!(
            [count(1), count(2), count(3), count(9)],
            [1, 0, 0, 1],
            "2 is gone, 9 is newer than what was read"
        );
        accounts.are(&[(AccountId(1), "renamed"), (AccountId(10), "ten")].into());
        assert_eq!(names(&accounts), [(1, "renamed".to_owned()), (10, "ten".to_owned())]);
        assert_eq!(count(1), 1);
        accounts.are(&BTreeMap::new());
        assert_eq!(names(&accounts), [], "the last one, too");
    }

    #[test]
    fn what_is_missed_is_told_apart() {
        let (accounts, id) = (Accounts::default(), AccountId(1));
        let late = Why::TooLate { late_at: Timestamp::MIN };
        let gave_up = Why::GaveUp { away_since: Timestamp::MIN, patience: Duration::ZERO };
        accounts.missed(&[(id, late), (id, gave_up), (id, late)]);
        let told = accounts.of(id).missed().map(|(why, count)| (why, count.get()));
        assert_eq!(told, [("too_late", 2), ("gave_up", 1)]);
    }
}
