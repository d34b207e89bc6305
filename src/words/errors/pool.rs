//! What is wrong with what goes into the pool, and with what is asked of its entries.

use super::{InChinese, chinese};
use crate::domain::entry::EntryStatus;
use crate::domain::fault::PoolFault;
use crate::domain::similar_text::Similar;
use crate::words::Sentence;

impl InChinese for PoolFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            PoolFault::EntriesAtOnce { most } => {
                chinese("pool-entries-at-once").with("most", most.to_string())
            }
            PoolFault::NoAccounts => chinese("pool-no-accounts"),
            PoolFault::AccountTwice(account) => {
                chinese("pool-account-twice").with("account", account.to_string())
            }
            PoolFault::TooManyEntries { most } => {
                chinese("pool-too-many-entries").with("most", most.to_string())
            }
            PoolFault::Repeats(index) => chinese("pool-repeats").with("index", index.to_string()),
            PoolFault::TimeOrSlot => chinese("pool-time-or-slot"),
            PoolFault::NoAddress => chinese("pool-no-address"),
            PoolFault::NoSlots { account, name } => {
                chinese("pool-no-slots").with("account", account.to_string()).with("name", name.as_str())
            }
            PoolFault::NoFreeSlot { account, name } => {
                chinese("pool-no-free-slot").with("account", account.to_string()).with("name", name.as_str())
            }
            PoolFault::SwapWithItself => chinese("pool-swap-with-itself"),
            PoolFault::SwapWithOthers { theirs, entry, account } => chinese("pool-swap-with-others")
                .with("theirs", theirs.to_string())
                .with("entry", entry.to_string())
                .with("account", account.to_string()),
            PoolFault::NoEnabledAccount => chinese("pool-no-enabled-account"),
            PoolFault::WhichAccount(accounts) => {
                let named = accounts.iter().map(|(id, name)| format!("{id}（{name}）"));
                chinese("pool-which-account").with("accounts", super::listed(named))
            }
            PoolFault::TooManyExtras { has, most } => {
                let excess = has.saturating_sub(*most);
                chinese("pool-too-many-extras")
                    .with("has", has.to_string())
                    .with("excess", excess.to_string())
                    .with("most", most.to_string())
            }
            PoolFault::ContentTwice(content) => {
                chinese("pool-content-twice").with("content", content.to_string())
            }
            PoolFault::OneContent { platform } => {
                chinese("pool-one-content").with("platform", platform.as_str())
            }
            PoolFault::OwnAccountElsewhere(scope) => {
                chinese("pool-own-account-elsewhere").with("scope", scope.in_chinese())
            }
        }
    }
}

impl InChinese for Similar {
    fn in_chinese(&self) -> Sentence {
        let Similar { entry, content, account, status, at } = self;
        match status {
            EntryStatus::Published => chinese("similar-published")
                .with("entry", entry.to_string())
                .with("content", content.to_string())
                .with("account", account.to_string())
                .with("at", *at),
            waiting => chinese("similar-waits")
                .with("entry", entry.to_string())
                .with("content", content.to_string())
                .with("account", account.to_string())
                .with("status", waiting.as_str())
                .with("at", *at),
        }
    }
}
