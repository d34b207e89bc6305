//! `contenthub account test`.

use super::output::{Output, harmless};
use super::{Done, Failure};
use crate::app::App;
use crate::operations::account::FindAccount;
use crate::operations::account_test::{GetTestable, NotReady};
use crate::views::TestView;
use crate::words::errors::kept;
use crate::words::{Sentence, message};
use serde_json::json;

/// Why an account does not work.
#[derive(Debug, thiserror::Error)]
pub enum WorksNot {
    #[error(transparent)]
    NotReady(NotReady),
    /// In the words of its platform.
    #[error("{0}")]
    Said(String),
}

/// Asks the platform from here, whether or not a server runs.
pub fn run(account: String, app: &App, out: &Output) -> Result<Done, Failure> {
    let id = app.run(FindAccount(account))?.id;
    let testable = app.run(GetTestable(id))?;
    let tested = actix_rt::System::new().block_on(testable.test());
    let view = TestView::new(&testable.account, tested);
    if let Some(warning) = &view.warning {
        let said = Sentence::new(message("warning")).with("what", kept(&warning.message));
        eprintln!("{}", harmless(&out.words(&said)));
    }
    if view.ok {
        let said = Sentence::new(message("done-account-works"))
            .with("account", view.account_id.to_string())
            .with("name", view.name.as_str());
        let said = match view.checked.clone() {
            Some(checked) => said.with("message", checked),
            None => said.with("message", kept(&view.message)),
        };
        return out.tell(&said, &json!(view));
    }
    if !out.is_table() {
        out.one(&json!(view))?;
    }
    let why = testable.not_ready().map_or(WorksNot::Said(view.message), WorksNot::NotReady);
    Err(Failure::TestFailed { name: view.name, why })
}
