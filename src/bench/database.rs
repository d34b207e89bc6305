//! The bench's own database: made, filled, dropped.

use super::waiting::{AddWaiting, settle};
use super::{BODY_BYTES, BenchError, LATENESS_SPAN, Plan};
use crate::app::App;
use crate::db::connection::{DbConnection, connect};
use crate::db::contents::Text;
use crate::db::database_url::DatabaseUrl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::priority::Priority;
use crate::domain::settlement::LogStatus;
use crate::operations::account::CreateAccount;
use crate::operations::content::CreateContent;
use crate::operations::pool::{Addition, BatchAdd, OnConflict};
use crate::operations::{Access, Context, Operation, OperationError};
use crate::secrets;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// A database of the bench's own; dropped with this value.
pub struct Made {
    url: DatabaseUrl,
    /// The server, and the database's name on it.
    on_server: Option<(DatabaseUrl, String)>,
}

impl Made {
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let Some((server, name)) = &self.on_server else { return };
        let dropped = connect(server).and_then(|mut conn| {
            Ok(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?)
        });
        if let Err(error) = dropped {
            log::warn!("the database {name} could not be dropped: {error}");
        }
    }
}

/// Makes `contenthub_bench_<random>` on the server, or a SQLite file in `directory`.
pub fn make(postgres: Option<&str>, directory: &Path) -> Result<Made, BenchError> {
    let Some(server) = postgres else {
        return Ok(Made { url: DatabaseUrl::in_data_dir(directory), on_server: None });
    };
    let server: DatabaseUrl = server.parse().map_err(|_| BenchError::NotPostgres)?;
    let DatabaseUrl::Postgres(text) = &server else { return Err(BenchError::NotPostgres) };
    let name = format!("contenthub_bench_{}", secrets::random_hex(6));
    let mut url = url::Url::parse(text).map_err(|_| BenchError::NotPostgres)?;
    url.set_path(&name);
    connect(&server)?
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .map_err(crate::db::connection::DbError::from)?;
    Ok(Made { url: DatabaseUrl::Postgres(url.into()), on_server: Some((server, name)) })
}

/// In one transaction: few enough that whoever interrupts the bench does not wait.
const AT_ONCE: usize = 1000;
/// Longer than any bench.
const WAITING_FOR: Duration = Duration::from_secs(366 * 24 * 3600);

/// Accounts on the sink, and one content with one entry for each delivery. `told` hears how many entries' worth is done,
/// and may end it.
pub fn fill(
    app: &App,
    plan: &Plan,
    sink: &str,
    first_after: Option<Duration>,
    told: &mut dyn FnMut(usize) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let mut accounts = Vec::new();
    for number in 1..=plan.accounts {
        let create = CreateAccount {
            settings: json!({"url": sink}),
            ..CreateAccount::new(format!("bench {number}"), "webhook")
        };
        accounts.push(app.run(create)?.id);
    }
    let far = app.clock().now() + WAITING_FOR;
    let (mut waiting, mut turns) = (0, accounts.iter().cycle());
    while let Some(account) = turns.next().filter(|_| waiting < plan.waiting) {
        let count = (plan.waiting - waiting).min(AT_ONCE);
        app.run(AddWaiting { count, account: *account, due_at: far })?;
        waiting += count;
        told(waiting)?;
    }
    if waiting > 0 {
        settle(&app.settings().database)?;
    }
    let contents = make_contents(app, plan.entries, BODY_BYTES, &mut |done| told(waiting + done / 2))?;
    // Entries last, and their times from here: what fills slowly must not look late.
    let first_due = first_after.map(|lead| app.clock().now() + lead);
    let due = |place: usize| {
        let share = LATENESS_SPAN.mul_f64(place as f64 / plan.entries as f64);
        first_due.map(|first| first + share)
    };
    let mut added = 0;
    for batch in additions(&accounts, &contents, Priority::default(), due) {
        added += batch.items.len();
        app.run(batch)?;
        told(waiting + (contents.len() + added) / 2)?;
    }
    Ok(())
}

/// Contents to publish. `told` hears how many there are.
pub fn make_contents(
    app: &App,
    wanted: usize,
    body_bytes: usize,
    told: &mut dyn FnMut(usize) -> Result<(), BenchError>,
) -> Result<Vec<ContentId>, BenchError> {
    let mut contents = Vec::with_capacity(wanted);
    while contents.len() < wanted {
        let count = (wanted - contents.len()).min(AT_ONCE);
        contents.extend(app.run(CreateMany { first: contents.len(), count, body_bytes })?);
        told(contents.len())?;
    }
    Ok(contents)
}

/// An entry for each content, on one account after another, in batches. `due` says when, by its place.
pub fn additions(
    accounts: &[AccountId],
    contents: &[ContentId],
    priority: Priority,
    due: impl Fn(usize) -> Option<Timestamp>,
) -> impl Iterator<Item = BatchAdd> {
    let addition = move |place: usize, content: &ContentId| Addition {
        account: accounts.get(place % accounts.len().max(1)).copied(),
        priority,
        scheduled_at: due(place),
        ..Addition::of(*content)
    };
    contents.chunks(AT_ONCE).enumerate().map(move |(number, batch)| {
        let places = batch.iter().enumerate();
        let items = places.map(|(place, content)| addition(number * AT_ONCE + place, content)).collect();
        BatchAdd { items, on_conflict: OnConflict::Fail }
    })
}

/// Contents in one transaction, each with a text of its own.
struct CreateMany {
    first: usize,
    count: usize,
    body_bytes: usize,
}

impl Operation for CreateMany {
    type Output = Vec<ContentId>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Vec<ContentId>, OperationError> {
        let body = "All work and no play makes a dull post. ".repeat(self.body_bytes / 40 + 1);
        let mut made = Vec::with_capacity(self.count);
        for number in (self.first..).take(self.count) {
            let text = Text {
                title: format!("Post {number}"),
                body: body.chars().take(self.body_bytes).collect(),
                digest: None,
                author: None,
                cover: None,
                tags: vec![],
                source_url: None,
            };
            made.push(CreateContent { text, account: None::<AccountId> }.run(conn, cx, now)?.id);
        }
        Ok(made)
    }
}

/// How many entries were published; by the log, because the pool may hold millions that were not.
pub struct PublishedLogged {
    /// None: on all accounts.
    pub account: Option<AccountId>,
}

impl Operation for PublishedLogged {
    type Output = usize;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<usize, OperationError> {
        use crate::db::schema::publish_logs::dsl;
        let mut published =
            dsl::publish_logs.filter(dsl::status.eq(LogStatus::Published.as_str())).count().into_boxed();
        if let Some(account) = self.account {
            published = published.filter(dsl::account_id.eq(account.0));
        }
        let entries: i64 = published.first(conn)?;
        Ok(usize::try_from(entries).unwrap_or(0))
    }
}

/// How many attempts were logged.
pub struct AttemptsLogged;

impl Operation for AttemptsLogged {
    type Output = usize;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<usize, OperationError> {
        use crate::db::schema::publish_logs::dsl;
        let last: Option<i64> = dsl::publish_logs.select(diesel::dsl::max(dsl::id)).first(conn)?;
        Ok(usize::try_from(last.unwrap_or(0)).unwrap_or(0))
    }
}

/// What an arrival is held against.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub account: AccountId,
    pub at: Timestamp,
}

/// When each entry was due, by its key; of those that are due by now.
pub fn due_by_key(app: &App) -> Result<HashMap<String, Due>, BenchError> {
    Ok(app.run(DueByKey)?)
}

struct DueByKey;

impl Operation for DueByKey {
    type Output = HashMap<String, Due>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Self::Output, OperationError> {
        use crate::db::schema::publish_pool::dsl;
        let rows: Vec<(String, AccountId, Timestamp)> = dsl::publish_pool
            .filter(dsl::due_at.le(now.micros()))
            .select((dsl::idempotency_key, dsl::account_id, dsl::due_at))
            .load(conn)?;
        Ok(rows.into_iter().map(|(key, account, at)| (key, Due { account, at })).collect())
    }
}
