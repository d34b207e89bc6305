//! Which accounts somebody may see and change.

use super::ids::AccountId;
use std::collections::BTreeSet;
use std::fmt;

/// All of them, or these alone. Accounts that are gone are nobody's: their numbers are never given again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    #[default]
    Everything,
    Accounts(BTreeSet<AccountId>),
}

impl Scope {
    /// These accounts alone.
    pub fn of(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Scope::Accounts(accounts.into_iter().collect())
    }

    /// One account where one is named, else all.
    pub fn of_account(account: Option<AccountId>) -> Self {
        account.map_or(Scope::Everything, |account| Scope::of([account]))
    }

    pub fn sees(&self, account: AccountId) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Accounts(accounts) => accounts.contains(&account),
        }
    }

    /// As a list, where it has an end.
    pub fn accounts(&self) -> Option<Vec<AccountId>> {
        match self {
            Scope::Everything => None,
            Scope::Accounts(accounts) => Some(accounts.iter().copied().collect()),
        }
    }

    /// As it is kept: a JSON list; none for all accounts.
    pub fn written(&self) -> Option<String> {
        self.accounts().map(|accounts| serde_json::json!(accounts).to_string())
    }

    /// Reads what [`Scope::written`] wrote. What cannot be read, which nobody can have written, is no account at all.
    pub fn read(written: Option<&str>) -> Self {
        match written {
            None => Scope::Everything,
            Some(json) => Scope::Accounts(serde_json::from_str(json).unwrap_or_default()),
        }
    }
}

/// `all accounts`, or `accounts 1, 2`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Everything => f.write_str("all accounts"),
            Scope::Accounts(accounts) => {
                let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
                write!(f, "{} {}", if ids.len() == 1 { "account" } else { "accounts" }, ids.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_what_cannot_be_read_sees_nothing() {
        for scope in [Scope::Everything, Scope::of([AccountId(3), AccountId(1)])] {
            assert_eq!(Scope::read(scope.written().as_deref()), scope);
        }
        let unreadable = Scope::read(Some("1, 2"));
        assert!(!unreadable.sees(AccountId(1)), "{unreadable}");
        assert_eq!(Scope::of([AccountId(3), AccountId(1)]).to_string(), "accounts 1, 3");
    }
}
