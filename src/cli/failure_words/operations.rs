//! In Chinese, what can go wrong with an operation.

use crate::domain::account::ClosedByWord;
use crate::domain::gates::{Gate, Shut};
use crate::media::StoreError;
use crate::operations::OperationError;
use crate::operations::account_test::NotReady;
use crate::operations::broken::Broken;
use crate::operations::unready::Unready;
use crate::operations::wrong_state::{Needed, State};
use crate::platforms::guarded::Panicked;
use crate::views::gate_in_words;
use crate::words::errors::{InChinese, all, chinese, listed, meant, quoted};
use crate::words::{Sentence, message};

impl InChinese for OperationError {
    fn in_chinese(&self) -> Sentence {
        match self {
            OperationError::NotFound { thing, id, near } => chinese("operation-not-found")
                .with("thing", thing.in_chinese())
                .with("id", id.as_str())
                .with("meant", meant(near.as_deref())),
            OperationError::Invalid(fields) => all(fields),
            OperationError::AlreadyInPool { content, account, entry, status } => {
                chinese("operation-already-in-pool")
                    .with("content", content.to_string())
                    .with("account", account.to_string())
                    .with("entry", entry.to_string())
                    .with("status", status.as_str())
            }
            OperationError::AlreadyPublished { content, account, at } => {
                chinese("operation-already-published")
                    .with("content", content.to_string())
                    .with("account", account.to_string())
                    .with("at", *at)
            }
            OperationError::SimilarText { content, similar } => chinese("operation-similar-text")
                .with("content", content.to_string())
                .with("similar", similar.in_chinese()),
            OperationError::SimilarItem { item } => {
                chinese("operation-similar-item").with("item", item.to_string())
            }
            OperationError::MaybePublished { entry, status: _ } => {
                chinese("operation-maybe-published").with("entry", entry.to_string())
            }
            OperationError::WrongState { thing, id, state, wanted } => chinese("operation-wrong-state")
                .with("thing", thing.in_chinese())
                .with("id", *id)
                .with("state", state.in_chinese())
                .with("wanted", wanted.in_chinese()),
            OperationError::NameTaken { thing, name } => {
                chinese("operation-name-taken").with("thing", thing.in_chinese()).with("name", name.as_str())
            }
            OperationError::InUse { thing, id, entries } => chinese("operation-in-use")
                .with("thing", thing.in_chinese())
                .with("id", *id)
                .with("entries", listed(entries)),
            OperationError::WrongSecretKey => chinese("operation-wrong-secret-key"),
            OperationError::LaneUnready { account, reason } => chinese("operation-lane-unready")
                .with("account", account.to_string())
                .with("reason", reason.in_chinese()),
            OperationError::InBatch { index, error } => chinese("operation-in-batch")
                .with("index", index.to_string())
                .with("what", error.in_chinese()),
            OperationError::OutOfScope { subject, scope } => chinese("operation-out-of-scope")
                .with("subject", subject.in_chinese())
                .with("scope", scope.in_chinese()),
            OperationError::KeyReused => chinese("operation-key-reused"),
            OperationError::Changed { subject } => {
                chinese("operation-changed").with("subject", subject.in_chinese())
            }
            OperationError::Raced => chinese("operation-raced"),
            OperationError::Overloaded => chinese("operation-overloaded"),
            OperationError::Internal(broken) => broken.in_chinese(),
            OperationError::Db(error) => error.in_chinese(),
        }
    }
}

impl InChinese for State {
    fn in_chinese(&self) -> Sentence {
        let status = |status: &str| chinese("state-status").with("status", status);
        match self {
            State::Entry(it) => status(it.as_str()),
            State::Review(it) => status(it.as_str()),
            State::Execution(it) => status(it.as_str()),
            State::Held => chinese("state-held"),
            State::Paused { since, by } => {
                chinese("state-paused").with("since", *since).with("by", by.as_str())
            }
            State::NamedBy(tasks) => {
                let named = tasks.iter().map(|(id, name)| format!("{id}“{name}”"));
                chinese("state-named-by").with("tasks", listed(named))
            }
            State::ShownBy(contents) => chinese("state-shown-by").with("contents", listed(contents)),
            State::InNoSlot => chinese("state-in-no-slot"),
            State::SlotPassed => chinese("state-slot-passed"),
            State::InFirstSlot => chinese("state-in-first-slot"),
            State::Restless => chinese("state-restless"),
        }
    }
}

impl InChinese for Needed {
    fn in_chinese(&self) -> Sentence {
        match self {
            Needed::ReviewSteps => chinese("needed-review-steps"),
            Needed::TakenFromTasks => chinese("needed-taken-from-tasks"),
            Needed::UnshownFirst => chinese("needed-unshown-first"),
            Needed::PendingToChange => chinese("needed-pending-to-change"),
            Needed::PendingToCancel => chinese("needed-pending-to-cancel"),
            Needed::PendingToMove => chinese("needed-pending-to-move"),
            Needed::PendingToPublishNow => chinese("needed-pending-to-publish-now"),
            Needed::EndedToRetry => chinese("needed-ended-to-retry"),
            Needed::OpenToCancel => chinese("needed-open-to-cancel"),
            Needed::Removable => chinese("needed-removable"),
            Needed::ItsEnd => chinese("needed-its-end"),
            Needed::NoWordYet => chinese("needed-no-word-yet"),
            Needed::NoWordAnyMore => chinese("needed-no-word-any-more"),
            Needed::RetriedFirst => chinese("needed-retried-first"),
            Needed::Approval => chinese("needed-approval"),
            Needed::Resumption => chinese("needed-resumption"),
            Needed::ASlot => chinese("needed-a-slot"),
            Needed::NothingAsItGoesOut => chinese("needed-nothing-as-it-goes-out"),
            Needed::NothingAsItIsFirst => chinese("needed-nothing-as-it-is-first"),
            Needed::AMoment => chinese("needed-a-moment"),
            Needed::AReport => chinese("needed-a-report"),
        }
    }
}

impl InChinese for NotReady {
    fn in_chinese(&self) -> Sentence {
        match self {
            NotReady::Gone => chinese("unready-gone"),
            NotReady::Unready(error) => error.in_chinese(),
        }
    }
}

impl InChinese for Unready {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unready::NoPlatform(name) => chinese("unready-no-platform").with("name", name.as_str()),
            Unready::Settings(error) => chinese("unready-settings").with("why", error.to_string()),
            Unready::Panicked(panicked) => panicked.in_chinese(),
            Unready::CredentialsUnreadable => chinese("unready-credentials-unreadable"),
            Unready::CredentialsClosed(error) => {
                chinese("unready-credentials-closed").with("why", error.in_chinese())
            }
            Unready::Shut(closed) => closed.in_chinese(),
            Unready::Gate(shut) => shut.in_chinese(),
        }
    }
}

impl InChinese for Panicked {
    fn in_chinese(&self) -> Sentence {
        let Panicked = self;
        chinese("unready-panicked")
    }
}

impl InChinese for ClosedByWord {
    fn in_chinese(&self) -> Sentence {
        match self {
            ClosedByWord::Disabled => message("gate-disabled").into(),
            ClosedByWord::Suspended { reason, until: Some(until) } => {
                Sentence::new(message("gate-suspended-until"))
                    .with("reason", reason.as_str())
                    .with("until", *until)
            }
            ClosedByWord::Suspended { reason, until: None } => {
                Sentence::new(message("gate-suspended")).with("reason", reason.as_str())
            }
        }
    }
}

impl InChinese for Shut {
    fn in_chinese(&self) -> Sentence {
        let gate = gate_in_words(&self.gate);
        match (self.until, self.gate) {
            (Some(until), Gate::Breaker { .. }) => {
                Sentence::new(message("gate-next-try")).with("gate", gate).with("until", until)
            }
            (Some(until), _) => Sentence::new(message("gate-until")).with("gate", gate).with("until", until),
            (None, _) => chinese("unready-never-opens").with("gate", gate),
        }
    }
}

impl InChinese for StoreError {
    fn in_chinese(&self) -> Sentence {
        match self {
            StoreError::Picture(fault) => fault.in_chinese(),
            StoreError::Io { path, source } => {
                chinese("failure-file").with("path", path.as_path()).with("why", source.to_string())
            }
            StoreError::Gone(hash) => chinese("store-gone").with("hash", hash.as_str()),
            StoreError::NoFolder => chinese("store-no-folder"),
            StoreError::Away(path) => chinese("store-away").with("path", path.as_path()),
        }
    }
}

impl InChinese for Broken {
    fn in_chinese(&self) -> Sentence {
        match self {
            Broken::Operation => chinese("broken-operation"),
            Broken::StoppedBySignal => chinese("broken-stopped-by-signal"),
            Broken::EndlessWait => chinese("broken-endless-wait"),
            Broken::NoCaller => chinese("broken-no-caller"),
            Broken::Signals(error) => chinese("broken-signals").with("why", error.to_string()),
            Broken::Report(error) => chinese("broken-report").with("why", error.to_string()),
            Broken::Sealing(error) => chinese("broken-sealing").with("why", error.in_chinese()),
            Broken::KeptAnswer(error) => chinese("broken-kept-answer").with("why", error.in_chinese()),
            Broken::AnswerUnwritable(error) => chinese("broken-answer").with("why", error.to_string()),
            Broken::AnswerUnsealed(error) => chinese("broken-answer").with("why", error.in_chinese()),
            Broken::Store(error) => chinese("broken-store").with("why", error.in_chinese()),
            Broken::Platform(panicked) => panicked.in_chinese(),
            Broken::Secret(error) => error.in_chinese(),
            Broken::Json(error) => quoted(error),
            Broken::Said(said) => quoted(said),
        }
    }
}
