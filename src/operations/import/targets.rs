//! The accounts that files go to, and whether these take their texts.

use super::{Checked, Choices, text_of};
use crate::db::accounts::AccountRow;
use crate::domain::field_error::FieldError;
use crate::domain::ids::AccountId;
use crate::import::{ImportFault, Problem, in_order};
use crate::operations::{Context, OperationError, fitting, pool};

/// All accounts, asked for once.
pub(super) struct Accounts(pub Vec<AccountRow>);

impl Accounts {
    /// By name, or else by number.
    pub(super) fn find(&self, name: &str) -> Option<AccountId> {
        let by_name = self.0.iter().find(|account| account.name == name);
        let by_id = || self.0.iter().find(|account| name.parse() == Ok(account.id));
        by_name.or_else(by_id).map(|account| account.id)
    }

    pub(super) fn rows(&self, ids: &[AccountId]) -> Vec<&AccountRow> {
        self.0.iter().filter(|row| ids.contains(&row.id)).collect()
    }

    pub(super) fn is_there(&self, id: AccountId) -> bool {
        self.0.iter().any(|account| account.id == id)
    }

    pub(super) fn name(&self, id: AccountId) -> String {
        self.0.iter().find(|account| account.id == id).map(|account| account.name.clone()).unwrap_or_default()
    }

    pub(super) fn has_no_slots(&self, id: AccountId) -> bool {
        self.0.iter().any(|account| account.id == id && account.lane_settings().slots.is_empty())
    }

    /// Those that the file names, else the one that was named for all.
    pub(super) fn named(&self, file: &Checked, choices: &Choices) -> Vec<AccountId> {
        if file.accounts.is_empty() { choices.accounts.clone() } else { file.accounts.clone() }
    }

    /// The same, else the only enabled one.
    pub(super) fn of(&self, file: &Checked, choices: &Choices) -> Result<Vec<AccountId>, OperationError> {
        let named = self.named(file, choices);
        if named.is_empty() { Ok(vec![pool::only_enabled(&self.0)?]) } else { Ok(named) }
    }
}

/// What of a file the platforms of its accounts do not take. One that cannot say is told of where the file is added.
pub(super) fn unfit(file: &Checked, rows: &[&AccountRow], cx: &Context) -> Vec<Problem> {
    let post = &file.post;
    let kept = file.pictures.iter().map(|it| (it.source.clone(), it.received.facts.clone())).collect();
    let wrong = fitting::wrong_for(cx, rows, text_of(post), kept).unwrap_or_default();
    let told =
        |field: FieldError| Problem { line: post.line_of(&field.field), fault: ImportFault::Content(field) };
    let mut problems: Vec<Problem> = wrong.into_iter().map(told).collect();
    in_order(&mut problems);
    problems
}
