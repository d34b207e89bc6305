//! What a publishing run takes: everything that is due, or a part of it.

use super::ids::AccountId;
use super::priority::Priority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parameters of a publishing task. Each run keeps those that it began with. By default everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunScope {
    /// Only entries of these accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<i64>>", length(min = 1))]
    pub account_ids: Option<Vec<AccountId>>,
    /// Only entries of this priority or a more urgent one; 1 is the most urgent, 10 the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>", range(min = 1, max = 10))]
    pub max_priority: Option<Priority>,
    /// At most so many entries in one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub limit: Option<u32>,
}

/// The most that a limit may say.
pub const LIMIT_MAX: u32 = 1_000_000;

impl RunScope {
    /// Whether it takes whatever is due.
    pub fn is_whole(&self) -> bool {
        *self == RunScope::default()
    }

    /// Whether it takes entries of this account.
    pub fn covers(&self, account: AccountId) -> bool {
        self.account_ids.as_ref().is_none_or(|ids| ids.contains(&account))
    }

    /// Whether it takes entries that are this urgent.
    pub fn takes(&self, priority: Priority) -> bool {
        self.max_priority.is_none_or(|least| priority <= least)
    }

    /// The least urgent that it takes.
    pub fn least_urgent(&self) -> Priority {
        self.max_priority.unwrap_or(Priority::LAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_takes_everything() {
        let all = RunScope::default();
        assert!(all.is_whole() && all.covers(AccountId(7)) && all.takes(Priority::LAST));
        assert_eq!(serde_json::to_string(&all).expect("written"), "{}");
    }

    #[test]
    fn a_part_is_told_by_account_and_urgency() {
        let part: RunScope =
            serde_json::from_str(r#"{"account_ids":[1,3],"max_priority":4,"limit":2}"#).expect("read");
        assert!(!part.is_whole());
        assert!(part.covers(AccountId(3)) && !part.covers(AccountId(2)));
        let at = |number: i32| Priority::try_from(number).expect("in range");
        assert!(part.takes(at(1)) && part.takes(at(4)) && !part.takes(at(5)));
        assert!(serde_json::from_str::<RunScope>(r#"{"max_priority":11}"#).is_err());
    }
}
