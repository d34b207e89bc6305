//! What can be wrong with a value that somebody gave. Its Display is what the API, the log and the command line say of it
//! in English; `words/errors` says the same in Chinese, and has no way to leave one out.

mod accounts;
mod json;
mod limits;
mod media;
mod pool;
mod requests;
mod tasks;
mod texts;

pub use accounts::AccountFault;
pub use json::{Given, JsonFault, Wanted};
pub use limits::{LimitFault, Unit};
pub use media::MediaFault;
pub use pool::PoolFault;
pub use requests::RequestFault;
pub use tasks::TaskFault;
pub use texts::{NameFault, TextFault, Unprintable};

use super::clock::Timestamp;
use super::cron::CronError;
use super::near::{NoZone, asked, nearest};
use super::outbound::Refused;
use super::posting_slots::SlotError;
use super::priority::PriorityOutOfRange;
use super::thing::Thing;
use super::time_input::TimeInputError;
use super::windows::WindowError;

/// What is wrong with a value. What only some values can have wrong with them is a kind of fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("is missing")]
    Missing,
    #[error("is given twice")]
    GivenTwice,
    #[error("must not be empty")]
    Empty,
    #[error("must have 1 to {most} characters")]
    Length { most: usize },
    #[error("must be from {least} to {most}")]
    Range { least: i64, most: i64 },
    /// In seconds.
    #[error("must be from {least} to {most} (366 days)")]
    YearOfSeconds { least: i64, most: i64 },
    #[error("must be from {least} to {most}, not {given}")]
    OutOfRange { least: i64, most: i64, given: i64 },
    #[error("must be from 1 to {most}, which {given} is not")]
    Count { most: i64, given: i64 },
    #[error("must be a whole number from {least} to {most}")]
    NoNumberWithin { least: i64, most: i64 },
    #[error("must be a whole number")]
    NotWhole,
    #[error("must lie in the future")]
    NotFuture,
    #[error("must lie in the future, which {0} does not")]
    Past(Timestamp),
    #[error("holds the character U+0000, which cannot be kept")]
    Nul,
    #[error("holds the character U+0000, which nothing here can hold")]
    NulInQuery,
    #[error("there is no {thing} {id}")]
    NoSuch { thing: Thing, id: i64 },
    #[error(transparent)]
    NoneOf(Box<NoneOf>),
    #[error(transparent)]
    Priority(#[from] PriorityOutOfRange),
    #[error(transparent)]
    Zone(#[from] NoZone),
    #[error(transparent)]
    Time(#[from] TimeInputError),
    #[error(transparent)]
    Cron(Box<CronError>),
    #[error(transparent)]
    Window(#[from] WindowError),
    #[error(transparent)]
    Slot(#[from] SlotError),
    #[error(transparent)]
    Outbound(Box<Refused>),
    #[error(transparent)]
    Json(#[from] JsonFault),
    #[error(transparent)]
    Name(#[from] NameFault),
    #[error(transparent)]
    Text(#[from] TextFault),
    #[error(transparent)]
    Limit(#[from] LimitFault),
    #[error(transparent)]
    Media(Box<MediaFault>),
    #[error(transparent)]
    Task(#[from] TaskFault),
    #[error(transparent)]
    Pool(#[from] PoolFault),
    #[error(transparent)]
    Account(#[from] AccountFault),
    #[error(transparent)]
    Request(#[from] RequestFault),
    /// In words that came as words: of a platform that is none of ours, or of an item that was refused as a whole.
    #[error("{0}")]
    Said(String),
}

/// Those that are large stand elsewhere: every result that may hold a fault would be as large.
macro_rules! boxed {
    ($($variant:ident($fault:ty)),+) => {$(
        impl From<$fault> for Fault {
            fn from(fault: $fault) -> Self {
                Fault::$variant(Box::new(fault))
            }
        }
    )+};
}
boxed!(NoneOf(NoneOf), Cron(CronError), Outbound(Refused), Media(MediaFault));

/// A word that is none of those possible here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{given}” is not one of {}{}", known.join(", "), asked(near.as_deref()))]
pub struct NoneOf {
    pub given: String,
    pub known: Vec<String>,
    /// What may have been meant.
    pub near: Option<String>,
}

impl NoneOf {
    pub fn new<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let near = nearest(given, known.iter().map(String::as_str)).map(str::to_owned);
        NoneOf { given: given.to_owned(), known, near }
    }
}
