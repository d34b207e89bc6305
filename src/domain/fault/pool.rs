//! What can be wrong with what goes into the pool, and with what is asked of its entries.

use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::scope::Scope;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolFault {
    #[error("must name 1 to {most} entries")]
    EntriesAtOnce { most: usize },
    #[error("must name at least one account")]
    NoAccounts,
    #[error("names account {0} twice")]
    AccountTwice(AccountId),
    #[error("holds more than {most} entries")]
    TooManyEntries { most: usize },
    #[error("repeats items[{0}]")]
    Repeats(usize),
    #[error("is either a time or the next slot")]
    TimeOrSlot,
    #[error("must be an address, e.g. https://example.com/post")]
    NoAddress,
    #[error(
        "account {account} “{name}” has no posting slots; set them with `contenthub account update {account} --slots \
         \"mon-fri 09:00,18:00\"`, or PATCH /accounts/{account} with {{\"slots\": [\"mon-fri 09:00,18:00\"]}}"
    )]
    NoSlots { account: AccountId, name: String },
    #[error("no slot of account {account} “{name}” is free within five years; give it more slots")]
    NoFreeSlot { account: AccountId, name: String },
    #[error("is the entry itself; name another one")]
    SwapWithItself,
    #[error(
        "is of account {theirs}, and entry {entry} of account {account}: only entries of one account change places"
    )]
    SwapWithOthers { theirs: AccountId, entry: EntryId, account: AccountId },
    #[error("there is no enabled account; create one first")]
    NoEnabledAccount,
    #[error("say which account: {}", named(.0))]
    WhichAccount(Vec<(AccountId, String)>),
    #[error("is wanted: the content's own is none of {0}")]
    OwnAccountElsewhere(Scope),
    #[error("names {has} contents, {} more than one post may have beside its own (at most {most})", has - most)]
    TooManyExtras { has: usize, most: usize },
    #[error("names content {0} twice")]
    ContentTwice(ContentId),
    #[error("cannot be: a post on {platform} has one content")]
    OneContent { platform: String },
}

/// `1 (blog), 2 (news)`.
pub fn named(accounts: &[(AccountId, String)]) -> String {
    let named: Vec<String> = accounts.iter().map(|(id, name)| format!("{id} ({name})")).collect();
    named.join(", ")
}
