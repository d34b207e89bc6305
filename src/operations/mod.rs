//! What a person, or the engine, can ask of the database: one transaction each, with typed errors. The API and the
//! actors send operations to the DbActor; the CLI runs them itself.

pub mod account;
pub mod account_test;
pub mod acting;
pub mod audit;
pub mod broken;
pub mod cancelling;
pub mod checkpoint;
mod claiming;
pub mod clock_steps;
pub mod content;
pub mod context;
pub mod credentials;
pub mod cycle;
mod cycle_runs;
mod demands;
pub mod doctor;
pub mod entry;
pub mod error;
pub mod events;
pub mod execution;
pub mod explain;
pub mod find;
pub mod firing;
mod fitting;
pub mod history;
pub mod import;
pub mod jobs;
pub mod media;
pub mod nodes;
pub mod once;
pub mod pause;
pub mod platform_tokens;
pub mod pool;
pub mod pool_counts;
pub mod preview;
pub mod prune;
pub mod publish_now;
mod questions;
pub mod ready;
pub mod recovery;
pub mod recycle;
pub mod restored;
pub mod run_leases;
mod run_reports;
pub mod slots;
pub mod status;
mod sweeps;
pub mod task;
pub mod task_type;
pub mod texts;
pub mod token;
pub mod unready;
pub mod versions;
pub mod wrong_state;

pub use context::Context;
pub use error::OperationError;

use crate::db::change_feed;
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::fault::Fault;

/// How an operation uses the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// One transaction that may write, announced to other processes.
    Write,
    /// It opens its own transactions, and announces nothing: the engine's inner work.
    Engine,
}

/// A question or a command.
pub trait Operation: Send + 'static {
    type Output: Send + 'static;
    const ACCESS: Access;
    /// Whether it may share a transaction with others that wait at the same moment. It writes, and keeps nothing of what
    /// it has done but in the database.
    const TOGETHER: bool = false;

    /// Runs it at `now`. For `Access::Write` the caller has opened the transaction.
    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Self::Output, OperationError>;
}

/// Runs an operation as its access demands.
pub fn perform<O: Operation>(
    operation: O,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<O::Output, OperationError> {
    match O::ACCESS {
        Access::Read | Access::Engine => operation.run(conn, cx, now),
        Access::Write => {
            let done = conn.write(|conn| {
                let output = operation.run(conn, cx, now)?;
                change_feed::announce(conn)?;
                Ok(output)
            });
            done.map_err(raced)
        }
    }
}

/// Whatever one can be told of is checked before: only a race gets as far as a constraint.
pub fn raced(error: OperationError) -> OperationError {
    match error {
        OperationError::Db(error) if error.is_race() => OperationError::Raced,
        other => other,
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub total: i64,
    pub page: i64,
    pub page_size: i64,
}

/// Which page: from 1, with at most [`Paging::MAX_SIZE`] items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Paging {
    page: i64,
    size: i64,
}

impl Paging {
    pub const MAX_SIZE: i64 = 200;
    pub const MAX_PAGE: i64 = 1_000_000_000;
    pub const DEFAULT_SIZE: i64 = 20;

    /// Checks what a user asked for; none is the first page of 20.
    pub fn new(page: Option<i64>, size: Option<i64>) -> Result<Self, OperationError> {
        let (page, size) = (page.unwrap_or(1), size.unwrap_or(Self::DEFAULT_SIZE));
        if !(1..=Self::MAX_PAGE).contains(&page) {
            return Err(OperationError::invalid("page", Fault::Range { least: 1, most: Self::MAX_PAGE }));
        }
        if !(1..=Self::MAX_SIZE).contains(&size) {
            return Err(OperationError::invalid(
                "page_size",
                Fault::Range { least: 1, most: Self::MAX_SIZE },
            ));
        }
        Ok(Paging { page, size })
    }

    pub fn limit(self) -> i64 {
        self.size
    }

    pub fn offset(self) -> i64 {
        (self.page - 1) * self.size
    }

    pub fn of<T>(self, (items, total): (Vec<T>, i64)) -> Page<T> {
        Page { items, total, page: self.page, page_size: self.size }
    }
}

impl Default for Paging {
    /// The first page of 20.
    fn default() -> Self {
        Paging { page: 1, size: Self::DEFAULT_SIZE }
    }
}

impl<T> Page<T> {
    /// The same page, looked at.
    pub fn each(&self) -> Page<&T> {
        Page {
            items: self.items.iter().collect(),
            total: self.total,
            page: self.page,
            page_size: self.page_size,
        }
    }

    /// The same page with each item made into something else.
    pub fn map<U>(self, shape: impl FnMut(T) -> U) -> Page<U> {
        let Page { items, total, page, page_size } = self;
        Page { items: items.into_iter().map(shape).collect(), total, page, page_size }
    }
}
