//! One measurement: good lanes, with or without a crowd beside them.

use super::super::figures::{Attempts, percentile};
use super::super::waiting::settle;
use super::super::{ADDING_ONE, BODY_BYTES, BenchError, Goal, LATENESS_LEAD, Rig, database, until_published};
use super::Bench;
use super::crowd::{self, Crowd};
use crate::actors::db::DbHandle;
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::priority::Priority;
use crate::operations::account::{CreateAccount, UpdateAccount};
use crate::operations::cycle::ClaimScope;
use crate::operations::{Access, Context, Operation, OperationError};
use crate::words::Message;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

/// Between one exact time and the next, as `bench --lateness` has it with its usual entries.
const EXACT_EVERY: Duration = Duration::from_millis(1);
/// A node that has just begun, and a database that was just filled, have other things to do: nothing of that is measured.
const SETTLING: Duration = Duration::from_secs(2);
/// What hangs is not waited for.
const GRACE: Duration = Duration::from_millis(100);

/// What is measured, and the names of its parts.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    pub filling: Message,
    pub waiting: Message,
    pub publishing: Message,
    pub exact_times: Message,
    /// Good ones, which share the plan's entries.
    pub lanes: usize,
    /// Entries that fall due at exact times, after those.
    pub exact: usize,
    pub crowded: bool,
}

/// How it went.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Entries a second.
    pub rate: f64,
    /// 0 where nothing fell due at an exact time.
    pub late_p99_ms: f64,
    /// Each entry of the good lanes arrived once, none early, and none that should not have arrived did.
    pub is_right: bool,
}

impl Seen {
    /// Right where both are.
    pub fn halfway_to(self, other: Seen) -> Seen {
        Seen {
            rate: f64::midpoint(self.rate, other.rate),
            late_p99_ms: f64::midpoint(self.late_p99_ms, other.late_p99_ms),
            is_right: self.is_right && other.is_right,
        }
    }
}

/// The lanes that are measured; shut until they are.
struct Good {
    accounts: Vec<AccountId>,
    /// Of the entries that will fall due at exact times.
    exact: Vec<ContentId>,
}

pub fn measure(course: &Course, bench: &mut Bench<'_>) -> Result<Seen, BenchError> {
    let rig = Rig::new(bench.plan.postgres.as_deref(), bench.settings.clone())?;
    let crowd = if course.crowded { Some(make_crowd(course, &rig, bench)?) } else { None };
    let good = make_good(course, &rig, bench)?;
    settle(&rig.app.settings().database)?;
    let exact_from = actix_rt::System::new().block_on(async {
        let node = rig.app.start_node(ClaimScope::Everything).await?;
        let done = publish(course, &rig, &good, crowd.as_ref(), &node.db, bench).await;
        node.stop(GRACE).await;
        done
    })?;
    let arrivals = rig.sink.stop()?;
    let is_good = |account: AccountId| good.accounts.contains(&account);
    let attempts = Attempts::read(&rig.app, |account, start| is_good(account) && start < exact_from)?;
    let due = database::due_by_key(&rig.app)?;
    let wanted = due.values().filter(|due| is_good(due.account)).count();
    let (mut arrived, mut late, mut wrong) = (HashSet::new(), Vec::new(), 0);
    for (key, at) in &arrivals {
        let of_spaced = |account| crowd.as_ref().is_some_and(|crowd| crowd.spaced == account);
        let expected = due.get(key).filter(|due| is_good(due.account) || of_spaced(due.account));
        let Some(due) = expected.filter(|due| *at >= due.at && arrived.insert(key)) else {
            wrong += 1;
            continue;
        };
        if is_good(due.account) && due.at >= exact_from {
            late.push((at.micros() - due.at.micros()) as f64 / 1000.0);
        }
    }
    late.sort_by(f64::total_cmp);
    let good_arrived = arrived.iter().filter(|key| due.get(**key).is_some_and(|due| is_good(due.account)));
    Ok(Seen {
        rate: attempts.span_seconds().map_or(0.0, |span| bench.plan.entries as f64 / span),
        late_p99_ms: percentile(&late, 99.0),
        is_right: wrong == 0 && good_arrived.count() == wanted && wanted == bench.plan.entries + course.exact,
    })
}

/// How many entries' worth there is to fill.
fn to_fill(course: &Course, bench: &Bench<'_>) -> usize {
    let entries = bench.plan.entries;
    entries + if course.crowded { crowd::size(entries) } else { 0 }
}

fn make_crowd(course: &Course, rig: &Rig, bench: &mut Bench<'_>) -> Result<Crowd, BenchError> {
    let (entries, all) = (bench.plan.entries, to_fill(course, bench));
    let urls = (rig.sink.url(), &*rig.sink.hanging_url());
    Crowd::make(&rig.app, entries, urls, &mut |done| bench.tell(course.filling, done, all))
}

fn make_good(course: &Course, rig: &Rig, bench: &mut Bench<'_>) -> Result<Good, BenchError> {
    let (entries, all) = (bench.plan.entries, to_fill(course, bench));
    let mut accounts = Vec::with_capacity(course.lanes);
    for number in 1..=course.lanes {
        let create = CreateAccount {
            settings: json!({"url": rig.sink.url()}),
            enabled: false,
            ..CreateAccount::new(format!("good {number}"), "webhook")
        };
        accounts.push(rig.app.run(create)?.id);
    }
    let mut filled = |done: usize| bench.tell(course.filling, all - entries + done, all);
    let contents = database::make_contents(&rig.app, entries, BODY_BYTES, &mut |done| filled(done / 2))?;
    let exact = database::make_contents(&rig.app, course.exact, BODY_BYTES, &mut |_| filled(entries / 2))?;
    let mut added = 0;
    for batch in database::additions(&accounts, &contents, Priority::default(), |_| None) {
        added += batch.items.len();
        rig.app.run(batch)?;
        filled((entries + added) / 2)?;
    }
    Ok(Good { accounts, exact })
}

/// Gives back when the first exact time is.
async fn publish(
    course: &Course,
    rig: &Rig,
    good: &Good,
    crowd: Option<&Crowd>,
    db: &DbHandle,
    bench: &mut Bench<'_>,
) -> Result<Timestamp, BenchError> {
    let Rig { app, .. } = rig;
    if let Some(crowd) = crowd {
        let full = crowd.full();
        crowd.until_full(app, db, &mut |hang| bench.tell(course.waiting, hang.min(full), full)).await?;
    }
    bench.tell(course.waiting, 0, 0)?;
    app.clock().sleep(SETTLING).await;
    let entries = bench.plan.entries;
    let account = good.accounts.first().filter(|_| good.accounts.len() == 1).copied();
    let attempts_before = db.perform(database::AttemptsLogged).await?;
    db.perform(OpenLanes(good.accounts.clone())).await?;
    let goal = Goal { account, attempts_before, published: entries, more: entries };
    until_published(app, &goal, db, &mut |done| bench.tell(course.publishing, done, entries)).await?;

    let exact_from = app.clock().now() + LATENESS_LEAD + ADDING_ONE.mul_f64(course.exact as f64);
    if course.exact == 0 {
        return Ok(exact_from);
    }
    let attempts_before = db.perform(database::AttemptsLogged).await?;
    let due = |place: usize| Some(exact_from + EXACT_EVERY.mul_f64(place as f64));
    for batch in database::additions(&good.accounts, &good.exact, Priority::default(), due) {
        db.perform(batch).await?;
        bench.tell(course.exact_times, 0, course.exact)?;
    }
    let goal = Goal { account, attempts_before, published: entries + course.exact, more: course.exact };
    until_published(app, &goal, db, &mut |done| bench.tell(course.exact_times, done, course.exact)).await?;
    Ok(exact_from)
}

/// All at one moment.
struct OpenLanes(Vec<AccountId>);

impl Operation for OpenLanes {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        for id in self.0 {
            UpdateAccount { enabled: Some(true), ..UpdateAccount::new(id) }.run(conn, cx, now)?;
        }
        Ok(())
    }
}
