//! What can go wrong with an operation, in the words of the product.

use super::broken::Broken;
use super::unready::Unready;
use super::wrong_state::{Needed, State};
use crate::db::connection::DbError;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::fault::Fault;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::near::{asked, nearest};
use crate::domain::resource::Subject;
use crate::domain::scope::Scope;
use crate::domain::similar_text::Similar;
use crate::domain::thing::Thing;

/// What a caller may do about an error: decides the status of an answer and a command's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was given cannot be used.
    Invalid,
    NotFound,
    /// Whoever asks may not.
    Forbidden,
    /// It is not possible in the present state.
    Conflict,
    /// What was to be changed is not what whoever asks has read.
    Changed,
    /// Later it may go.
    Unavailable,
    /// Our fault.
    Internal,
}

#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    #[error("there is no {thing} {id}{}", asked(near.as_deref()))]
    NotFound {
        thing: Thing,
        id: String,
        /// What may have been meant.
        near: Option<String>,
    },
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    #[error("content {content} already waits in the pool for account {account}: entry {entry} ({status})")]
    AlreadyInPool { content: ContentId, account: AccountId, entry: EntryId, status: EntryStatus },
    #[error("content {content} was already published on account {account} at {at}")]
    AlreadyPublished { content: ContentId, account: AccountId, at: Timestamp },
    #[error("content {content} is refused: {similar}")]
    SimilarText { content: ContentId, similar: Similar },
    /// The same of another item of a batch.
    #[error("it has the same text as items[{item}]")]
    SimilarItem { item: usize },
    #[error("entry {entry} may have been published by an earlier attempt")]
    MaybePublished { entry: EntryId, status: EntryStatus },
    #[error("{thing} {id} is {state}: {wanted}")]
    WrongState { thing: Thing, id: i64, state: State, wanted: Needed },
    #[error("there is {} {thing} named “{name}” already", article(*thing))]
    NameTaken { thing: Thing, name: String },
    #[error("{thing} {id} still has entries in the pool: {}", ids(entries))]
    InUse { thing: Thing, id: i64, entries: Vec<EntryId> },
    #[error("the credentials in this database were sealed with another key than this process has")]
    WrongSecretKey,
    #[error("account {account} cannot be used: {reason}")]
    LaneUnready { account: AccountId, reason: Unready },
    #[error("items[{index}]: {error}")]
    InBatch {
        index: usize,
        #[source]
        error: Box<OperationError>,
    },
    /// Somebody who is for some accounts only wants what concerns others.
    #[error("{subject}: this concerns other accounts, too; the token is for {scope} only")]
    OutOfScope { subject: Subject, scope: Scope },
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("{subject} was changed since it was read; nothing was done")]
    Changed { subject: Subject },
    #[error("somebody else changed the same thing at the same moment; nothing was done")]
    Raced,
    #[error("the server has too much to do at the moment")]
    Overloaded,
    #[error(transparent)]
    Internal(#[from] Broken),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for OperationError {
    fn from(error: diesel::result::Error) -> Self {
        OperationError::Db(error.into())
    }
}

impl OperationError {
    pub fn invalid(field: impl Into<String>, fault: impl Into<Fault>) -> Self {
        OperationError::Invalid(vec![FieldError::new(field, fault)])
    }

    pub fn not_found(thing: Thing, id: impl ToString) -> Self {
        OperationError::NotFound { thing, id: id.to_string(), near: None }
    }

    /// The same of a name, with the one of `known` that may have been meant.
    pub fn no_such_name<'a>(thing: Thing, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let near = nearest(name, known).map(str::to_owned);
        OperationError::NotFound { thing, id: name.to_owned(), near }
    }

    pub fn kind(&self) -> ErrorKind {
        match self {
            OperationError::InBatch { error, .. } => error.kind(),
            OperationError::NotFound { .. } => ErrorKind::NotFound,
            OperationError::Invalid(_) | OperationError::KeyReused => ErrorKind::Invalid,
            OperationError::OutOfScope { .. } => ErrorKind::Forbidden,
            OperationError::Changed { .. } => ErrorKind::Changed,
            OperationError::AlreadyInPool { .. }
            | OperationError::AlreadyPublished { .. }
            | OperationError::SimilarText { .. }
            | OperationError::SimilarItem { .. }
            | OperationError::MaybePublished { .. }
            | OperationError::WrongState { .. }
            | OperationError::NameTaken { .. }
            | OperationError::InUse { .. }
            | OperationError::LaneUnready { .. }
            | OperationError::Raced
            | OperationError::WrongSecretKey => ErrorKind::Conflict,
            OperationError::Overloaded
            | OperationError::Db(DbError::Away(_) | DbError::Unusable(_) | DbError::Moved(_)) => {
                ErrorKind::Unavailable
            }
            OperationError::Internal(_) | OperationError::Db(DbError::Refused(_)) => ErrorKind::Internal,
        }
    }

    /// Stable, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            OperationError::InBatch { error, .. } => error.code(),
            OperationError::NotFound { .. } => "not_found",
            OperationError::Invalid(_) => "invalid",
            OperationError::AlreadyInPool { .. } => "already_in_pool",
            OperationError::AlreadyPublished { .. } => "already_published",
            OperationError::SimilarText { .. } | OperationError::SimilarItem { .. } => "similar_text",
            OperationError::MaybePublished { .. } => "maybe_published",
            OperationError::WrongState { .. } => "wrong_state",
            OperationError::NameTaken { .. } => "name_taken",
            OperationError::InUse { .. } => "in_use",
            OperationError::WrongSecretKey => "wrong_secret_key",
            OperationError::LaneUnready { .. } => "account_unusable",
            OperationError::OutOfScope { .. } => "out_of_scope",
            OperationError::KeyReused => "idempotency_key_reused",
            OperationError::Changed { .. } | OperationError::Raced => "changed_meanwhile",
            OperationError::Overloaded => "overloaded",
            OperationError::Internal(_) | OperationError::Db(DbError::Refused(_)) => "internal_error",
            OperationError::Db(DbError::Away(_) | DbError::Unusable(_) | DbError::Moved(_)) => {
                "database_unavailable"
            }
        }
    }

    /// What to do next, where that is not plain from the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            OperationError::InBatch { error, .. } => error.hint(),
            OperationError::AlreadyInPool { .. } => {
                Some("Change or cancel that entry, or wait until it has been published.")
            }
            OperationError::AlreadyPublished { .. } => {
                Some("To publish it there once more on purpose, add it with `again`.")
            }
            OperationError::SimilarText { .. } | OperationError::SimilarItem { .. } => {
                Some("To publish it there all the same, add it with `again`.")
            }
            OperationError::MaybePublished { status: EntryStatus::Uncertain, .. } => {
                Some("Look whether it is out, and say so with `resolve`.")
            }
            OperationError::MaybePublished { .. } => {
                Some("Wait for the next attempt, or say what became of it with `resolve`.")
            }
            OperationError::WrongSecretKey => Some(
                "Start with the key of this database: CONTENTHUB_SECRET_KEY, or secret.key in the data directory.",
            ),
            OperationError::InUse { .. } => Some("Cancel or remove those entries first."),
            OperationError::KeyReused => Some(
                "A key names one request for 24 hours; give each thing that is to be made a key of its own.",
            ),
            OperationError::Changed { .. } => Some("Read it again, and send the change with what it is now."),
            OperationError::Raced | OperationError::Overloaded | OperationError::Db(DbError::Away(_)) => {
                Some("Try again in a moment.")
            }
            OperationError::NotFound { .. }
            | OperationError::Invalid(_)
            | OperationError::WrongState { .. }
            | OperationError::NameTaken { .. }
            | OperationError::LaneUnready { .. }
            | OperationError::OutOfScope { .. }
            | OperationError::Internal(_)
            | OperationError::Db(_) => None,
        }
    }
}

fn article(thing: Thing) -> &'static str {
    if thing.as_str().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn list(fields: &[FieldError]) -> String {
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn ids(entries: &[EntryId]) -> String {
    entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
