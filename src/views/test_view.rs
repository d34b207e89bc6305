//! What a test of an account came to.

use crate::db::accounts::AccountRow;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::Problem;
use crate::domain::tested::{Checked, Tested};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Test")]
pub struct TestView {
    pub account_id: AccountId,
    pub name: String,
    pub platform: String,
    /// The account works, as far as that shows without publishing.
    pub ok: bool,
    /// What is wrong, stable; none where nothing is.
    pub code: Option<String>,
    /// What was looked at, or what is wrong and what to do.
    pub message: String,
    /// The same where the account works, for whoever says it in another language.
    #[serde(skip)]
    pub checked: Option<Checked>,
    /// What may be wrong all the same: only a post would tell.
    pub warning: Option<WarningView>,
    /// When it may be better by itself, where the platform says so.
    pub until: Option<Timestamp>,
}

/// A thing that need not be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Warning")]
pub struct WarningView {
    pub code: String,
    pub message: String,
}

impl TestView {
    pub fn new(account: &AccountRow, tested: Tested) -> Self {
        let ok = tested.is_fine();
        let looked_at = match &tested {
            Tested::Fine { checked, .. } => Some(checked.clone()),
            Tested::AccountBroken { .. } | Tested::PlatformFailed(_) | Tested::Untestable => None,
        };
        let wrong = |problem: Problem| (Some(problem.code), problem.message, None, None);
        let (code, message, warning, until) = match tested {
            Tested::Fine { checked, warning } => {
                let warning = warning.map(|it| WarningView { code: it.code, message: it.message });
                (None, checked.to_string(), warning, None)
            }
            Tested::AccountBroken { problem, until } => (Some(problem.code), problem.message, None, until),
            Tested::PlatformFailed(problem) => wrong(problem),
            Tested::Untestable => {
                let platform = account.platform.clone();
                wrong(Problem::new("untestable", KeptMessage::Untestable { platform }))
            }
        };
        TestView {
            account_id: account.id,
            name: account.name.clone(),
            platform: account.platform.clone(),
            ok,
            code,
            message,
            checked: looked_at,
            warning,
            until,
        }
    }
}
