//! What a seed finds in its database.

use super::{Sql, good};
use crate::faults::{Kind, LanePlan, Plan, WINDOWS};
use crate::model::{BY_HAND, INTERVAL, ON_DUE, SELDOM_SECONDS, rules};
use crate::time::at;
use contenthub::db::connection::DbConnection;
use contenthub::domain::account::OnUnknown;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::Seen;
use contenthub::operations::account::CreateAccount;
use contenthub::operations::content::{CreateContent, ReviewContent, ReviewStep};
use contenthub::operations::pool::{Addition, BatchAdd, OnConflict};
use contenthub::operations::task::CreateTask;
use contenthub::operations::{Context, perform};
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use contenthub::platforms::registry::Registry;
use contenthub::secrets::SecretKey;
use contenthub::{AccountId, ContentId, Priority};
use diesel::connection::SimpleConnection;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const TABLES: [&str; 11] = [
    "pool_counts",
    "lanes",
    "publish_checkpoints",
    "publish_logs",
    "published_contents",
    "publish_pool",
    "executions",
    "scheduled_tasks",
    "content_revisions",
    "contents",
    "accounts",
];

pub(super) fn wipe(conn: &mut DbConnection) {
    let wipe = match conn {
        DbConnection::Sqlite(_) => {
            let each: Vec<String> = TABLES.iter().map(|table| format!("DELETE FROM {table};")).collect();
            format!("BEGIN; {} DELETE FROM sqlite_sequence; COMMIT", each.join(" "))
        }
        DbConnection::Postgres(_) => format!("TRUNCATE {} RESTART IDENTITY CASCADE", TABLES.join(", ")),
    };
    conn.batch_execute(&wipe).expect("wiped");
}

pub(super) fn context(plan: &Plan) -> Context {
    let registry =
        Kind::ALL.into_iter().fold(Registry::default(), |all, kind| all.with(Arc::new(Told(kind))));
    let key = SecretKey::parse(&"07".repeat(32)).expect("a key");
    Context::new(registry, key, contenthub::tasks::builtin(), plan.review, chrono_tz::Tz::UTC)
        .with_submitted_max(plan.submitted_max)
}

pub(super) fn make(sql: &mut Sql<'_>, plan: &Plan) {
    let mut tasks = [
        CreateTask::on_due("publish when due"),
        CreateTask::every("interval", seconds(plan.interval.unwrap_or(SELDOM_SECONDS))),
        CreateTask::every("by hand", seconds(SELDOM_SECONDS)),
    ];
    (tasks[0].enabled, tasks[1].enabled) = (plan.on_due, plan.interval.is_some());
    let made: Vec<_> = tasks.into_iter().map(|task| sql.run(task, at(0)).id).collect();
    assert_eq!(made, [ON_DUE, INTERVAL, BY_HAND]);
    for (place, lane) in plan.lanes.iter().enumerate() {
        let on_unknown = if lane.kind == Kind::BlindRetry { OnUnknown::Retry } else { OnUnknown::Ask };
        let concurrency = Some(lane.concurrency);
        let account = CreateAccount::new(format!("lane {place}"), lane.kind.name());
        sql.run(CreateAccount { concurrency, on_unknown, ..account }, at(0));
        set_gates(sql.conn, place, lane);
    }
    let mut items = Vec::with_capacity(plan.entries.len());
    for (place, entry) in plan.entries.iter().enumerate() {
        let content = sql.run(CreateContent::new(format!("content {place}"), "text"), at(0)).id;
        if plan.review {
            sql.run(ReviewContent { id: content, step: ReviewStep::Approve }, at(0));
        }
        items.push(Addition {
            account: Some(AccountId(entry.lane as i64 + 1)),
            priority: Priority::try_from(entry.priority).expect("in range"),
            scheduled_at: Some(at(entry.after)),
            max_retries: entry.max_retries,
            late_after_seconds: entry.late_after.map(seconds),
            ..Addition::of(ContentId(place as i64 + 1))
        });
    }
    let added = perform(BatchAdd { items, on_conflict: OnConflict::Fail }, sql.conn, &sql.cx, at(0));
    assert_eq!(good(added).items.len(), plan.entries.len());
}

fn set_gates(conn: &mut DbConnection, place: usize, lane: &LanePlan) {
    let cap = lane.cap.map_or("NULL".to_owned(), |cap| cap.to_string());
    let windows = if lane.windowed { json!(WINDOWS).to_string() } else { "[]".to_owned() };
    let late_after = lane.late_after.map_or("NULL".to_owned(), |seconds| seconds.to_string());
    let set = format!(
        "UPDATE accounts SET spacing_seconds = {}, daily_cap = {cap}, windows = '{windows}', gated = TRUE, timezone = 'UTC', \
         give_up_after_seconds = {}, late_after_seconds = {late_after} WHERE id = {}",
        lane.spacing,
        lane.give_up_after,
        place + 1
    );
    conn.batch_execute(&set).expect("gates");
}

fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).expect("a year at most")
}

/// A platform that says of itself what the engine asks; whatever is sent goes through the simulation.
struct Told(Kind);

impl Platform for Told {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn about(&self) -> &'static str {
        "Is played by the simulation."
    }

    fn settings_schema(&self) -> Value {
        json!({"type": "object"})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        rules(self.0, Duration::ZERO).class
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn has_steps(&self) -> bool {
        self.0.in_steps()
    }

    fn publish(&self, _: PublishCall) -> LocalBoxFuture<'static, Seen> {
        unreachable!("the simulation plays it")
    }
}
