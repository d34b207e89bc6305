//! The accounts, each as `account test` looks at it: no post is sent.

use super::super::Failure;
use super::{Finding, Health};
use crate::app::App;
use crate::db::accounts::AccountRow;
use crate::domain::tested::Tested;
use crate::operations::account_test::{GetTestable, NotReady, Testable};
use crate::operations::doctor::Examined;
use crate::words::errors::{InChinese, kept};
use crate::words::{Message, Sentence, message};
use futures_util::StreamExt;
use futures_util::stream;
use std::time::Duration;

/// Tests at once.
const AT_ONCE: usize = 8;
/// No more accounts are tested; nor for longer, all together.
const TESTED_MAX: usize = 200;
const ALL_WITHIN: Duration = Duration::from_secs(60);

pub fn all(app: &App, examined: &Examined, offline: bool) -> Result<Vec<Finding>, Failure> {
    if examined.accounts.is_empty() {
        let todo = Sentence::new(message("doctor-no-account-do"));
        return Ok(vec![Finding::warn("accounts", Sentence::new(message("doctor-no-account")), todo)]);
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut testable: Vec<Testable> = Vec::new();
    for account in &examined.accounts {
        findings.extend(word(account, examined));
        if account.enabled && !offline && testable.len() < TESTED_MAX {
            testable.push(app.run(GetTestable(account.id))?);
        }
    }
    let tested = testable.len();
    findings.extend(test(testable));
    let told = if offline { message("doctor-accounts-offline") } else { message("doctor-accounts") };
    let well = findings.iter().all(|it| it.health == Health::Ok);
    let count = examined.accounts.len().to_string();
    let sum = Sentence::new(told).with("count", count).with("tested", tested.to_string());
    if well {
        findings = vec![Finding::ok("accounts", sum)];
    }
    Ok(findings)
}

fn named(account: &AccountRow, id: Message) -> Sentence {
    Sentence::new(id).with("name", account.name.as_str())
}

/// What keeps it shut by somebody's word.
fn word(account: &AccountRow, examined: &Examined) -> Option<Finding> {
    if !account.enabled {
        return None;
    }
    let reason = account.suspended_reason.as_deref()?;
    if account.suspended_until.is_some_and(|until| until <= examined.at) {
        return None;
    }
    let said = named(account, message("doctor-account-suspended")).with("reason", kept(reason));
    Some(Finding::warn("accounts", said, named(account, message("doctor-account-suspended-do"))))
}

fn test(testable: Vec<Testable>) -> Vec<Finding> {
    let names: Vec<String> = testable.iter().map(|it| it.account.name.clone()).collect();
    let mut ended: Vec<Option<Finding>> = names.iter().map(|_| None).collect();
    actix_rt::System::new().block_on(async {
        let tests = testable.into_iter().enumerate().map(|(place, it)| async move {
            let tested = it.test().await;
            let account = it.account.clone();
            (place, outcome(&account, tested, it.not_ready()))
        });
        let mut tests = stream::iter(tests).buffer_unordered(AT_ONCE);
        let gather = async {
            while let Some((place, finding)) = tests.next().await {
                ended[place] = Some(finding);
            }
        };
        // Those that are not back by then are told as such.
        let _ = tokio::time::timeout(ALL_WITHIN, gather).await;
    });
    let late = |name: &String| {
        let said = Sentence::new(message("doctor-account-late")).with("name", name.as_str());
        Finding::warn(
            "accounts",
            said,
            Sentence::new(message("doctor-account-do")).with("name", name.as_str()),
        )
    };
    ended.into_iter().zip(&names).map(|(ended, name)| ended.unwrap_or_else(|| late(name))).collect()
}

fn outcome(account: &AccountRow, tested: Tested, not_ready: Option<NotReady>) -> Finding {
    let todo = || named(account, message("doctor-account-do"));
    match tested {
        Tested::Fine { checked, warning: None } => {
            Finding::ok("accounts", named(account, message("doctor-account-works")).with("message", checked))
        }
        Tested::Fine { warning: Some(warning), .. } => {
            let said =
                named(account, message("doctor-account-doubt")).with("message", kept(&warning.message));
            Finding::warn("accounts", said, todo())
        }
        Tested::AccountBroken { problem, .. } => {
            let why = not_ready.map_or_else(|| kept(&problem.message), |error| error.value());
            let said = named(account, message("doctor-account-broken")).with("message", why);
            Finding::fail("accounts", said, todo())
        }
        Tested::PlatformFailed(problem) => {
            let said = named(account, message("doctor-account-away")).with("message", kept(&problem.message));
            Finding::fail("accounts", said, todo())
        }
        Tested::Untestable => Finding::ok("accounts", named(account, message("doctor-account-untestable"))),
    }
}
