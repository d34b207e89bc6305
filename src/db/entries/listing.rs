//! Lists of the pool, newest first. None of them goes through the pool, however large it is and whatever is asked:
//!
//! - The entries of a content, those of an account, and those that failed or were cancelled, stand in an index in this order.
//! - What waits, is on the wire or is uncertain is gathered from its own indexes, where it is no more than a look may take.
//! - All else is walked by the primary key, so far and no further; whoever wants more goes on from there.

use super::gathered::{Gathering, Kind};
use super::{EntryRow, Filter};
use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::accounts;
use crate::db::schema::publish_pool::dsl;
use crate::db::{matching, pool_counts};
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::scope::Scope;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

/// The most entries that are gathered.
pub const COUNTED_MAX: i64 = 50_000;
/// The most that a walk looks at.
pub const EXAMINED_MAX: i64 = 20_000;
/// The same where each is looked at by itself: where it stands, or what the title of its content is.
pub const EACH_MAX: i64 = 5_000;
/// The most accounts of which anything is gathered.
const ACCOUNTS_MAX: i64 = 5_000;
/// Entries that one statement names.
const PART: usize = 500;

/// What stands beside a span leads to no other index in this form.
const STATUS: &str = "coalesce(publish_pool.status, '')";
const ID: &str = "publish_pool.id + 0";
/// What the index of an account's entries is of.
const OF_ACCOUNT: &str = "publish_pool.account_id + 0";
const ACCOUNT: &str = "coalesce(publish_pool.account_id, 0)";
const CLAIMABLE: &str = "coalesce(publish_pool.status, '') = 'pending' AND NOT publish_pool.held";
const TITLE: &str = "(SELECT t.title FROM contents AS c JOIN content_revisions AS t \
    ON t.content_id = c.id AND t.revision = c.revision WHERE c.id = publish_pool.content_id)";

/// What is asked beside the span.
macro_rules! beside {
    ($query:expr, $span:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(status) = $filter.status.filter(|_| !matches!($span, Span::Ended(_))) {
            query = query.filter(sql::<Text>(STATUS).eq(status.as_str()));
        }
        if let Some(accounts) = $filter.accounts().filter(|_| !matches!($span, Span::OfAccount(_))) {
            query = query.filter(sql::<BigInt>(ACCOUNT).eq_any(accounts));
        }
        if $filter.asks_for_a_priority() {
            let (first, last) = $filter.priorities();
            query = query.filter(dsl::priority.between(first, last));
        }
        if let Some(now) = $filter.due_at {
            query = query.filter(sql::<Bool>(CLAIMABLE)).filter(dsl::due_at.le(now.micros()));
        }
        if let Some(title) = &$filter.title {
            query = query.filter(sql::<Text>(TITLE).like(matching::part(title)).escape(matching::ESCAPE));
        }
        query
    }};
}

/// A span before an id, and from another on, if there is one.
macro_rules! within {
    ($query:expr, $span:expr, $from:expr, $end:expr, $is_postgres:expr) => {{
        let query = $query.into_boxed();
        let from: Option<EntryId> = $from;
        let query = match from {
            Some(from) => query.filter(dsl::id.ge(from.0)),
            None => query,
        };
        // As in `executions::list`: spans of one in the order of an index, which no other has.
        match ($span, $is_postgres) {
            (Span::Everything, _) => query.filter(dsl::id.lt($end)),
            (Span::Ended(ended), _) => query.filter(sql::<Bool>(ended.sql())).filter(dsl::id.lt($end)),
            (Span::OfAccount(account), true) => {
                query.filter(sql::<BigInt>(OF_ACCOUNT).between(account.0, account.0)).filter(dsl::id.lt($end))
            }
            (Span::OfAccount(account), false) => {
                query.filter(sql::<BigInt>(OF_ACCOUNT).eq(account.0)).filter(dsl::id.lt($end))
            }
            (Span::OfContent(content), true) => {
                query.filter(dsl::content_id.between(content.0, content.0)).filter(sql::<BigInt>(ID).lt($end))
            }
            (Span::OfContent(content), false) => {
                query.filter(dsl::content_id.eq(content.0)).filter(sql::<BigInt>(ID).lt($end))
            }
        }
    }};
}

macro_rules! in_order {
    ($query:expr, $span:expr, $is_postgres:expr) => {{
        let query = match ($span, $is_postgres) {
            (Span::OfContent(_), true) => $query.then_order_by(dsl::content_id.desc()),
            (Span::OfAccount(_), true) => $query.then_order_by(sql::<BigInt>(OF_ACCOUNT).desc()),
            (_, _) => $query,
        };
        query.then_order_by(dsl::id.desc())
    }};
}

/// Which part of a list is shown: so many, after those that are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub limit: i64,
    pub offset: i64,
    /// Of those that are older than this.
    pub before: Option<EntryId>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub rows: Vec<EntryRow>,
    /// How many there are in all; where not all were looked at, how many were found.
    pub total: i64,
    pub is_whole: bool,
    /// Where the list goes on, if it may: with those that are older.
    pub next: Option<EntryId>,
}

/// The same, by id.
struct Found {
    ids: Vec<EntryId>,
    total: i64,
    is_whole: bool,
    next: Option<EntryId>,
}

/// Newest first.
pub fn list(conn: &mut DbConnection, filter: &Filter, window: Window) -> Result<Listed, DbError> {
    if *filter == Filter::default() {
        return everything(conn, window);
    }
    let Found { ids, total, is_whole, next } = found(conn, filter, window)?;
    Ok(Listed { rows: super::by_ids(conn, &ids)?, total, is_whole, next })
}

fn found(conn: &mut DbConnection, filter: &Filter, window: Window) -> Result<Found, DbError> {
    if filter.contradicts_itself() {
        return Ok(Found { ids: vec![], total: 0, is_whole: true, next: None });
    }
    let kept = kept_total(conn, filter)?;
    if let Some(found) = gathered(conn, filter, window, kept)? {
        return Ok(found);
    }
    match (Span::of(filter), kept) {
        (Span::Ended(ended), Some(total)) if filter.accounts().is_none() => {
            all_ended(conn, ended, window, total)
        }
        (span, kept) => walked(conn, span, filter, window, kept),
    }
}

/// How many there are, where that number is kept: of all, of accounts, of a status.
fn kept_total(conn: &mut DbConnection, filter: &Filter) -> Result<Option<i64>, DbError> {
    let beside = Filter { status: None, account: None, within: Scope::Everything, ..filter.clone() };
    if beside != Filter::default() {
        return Ok(None);
    }
    let within = match filter.accounts() {
        None => Scope::Everything,
        Some(accounts) => Scope::of(accounts.into_iter().map(AccountId)),
    };
    let counts = pool_counts::read(conn, &within)?;
    Ok(Some(filter.status.map_or(counts.total(), |status| counts.of(status))))
}

fn everything(conn: &mut DbConnection, window: Window) -> Result<Listed, DbError> {
    let rows = super::newest(conn, window)?;
    let total = pool_counts::read(conn, &Scope::Everything)?.total();
    let next = rows.last().map(|row| row.id).filter(|_| window.is_full(rows.len()));
    Ok(Listed { rows, total, is_whole: true, next })
}

fn all_ended(conn: &mut DbConnection, ended: Ended, window: Window, total: i64) -> Result<Found, DbError> {
    let all = within!(dsl::publish_pool.select(dsl::id), Span::Ended(ended), None, window.end(), false);
    let ids: Vec<EntryId> = all.order(dsl::id.desc()).limit(window.limit).offset(window.offset).load(conn)?;
    let next = window.after(&ids);
    Ok(Found { ids, total, is_whole: true, next })
}

impl Window {
    /// Those that are older than this are shown.
    pub(super) fn end(self) -> i64 {
        self.before.map_or(i64::MAX, |entry| entry.0)
    }

    /// Then there may be more.
    fn is_full(self, found: usize) -> bool {
        i64::try_from(found).is_ok_and(|found| found >= self.limit)
    }

    fn after(self, ids: &[EntryId]) -> Option<EntryId> {
        ids.last().copied().filter(|_| self.is_full(ids.len()))
    }
}

impl Filter {
    /// Whether nothing can be as it is asked.
    fn contradicts_itself(&self) -> bool {
        self.accounts().is_some_and(|accounts| accounts.is_empty())
            || self.due_at.is_some() && self.status.is_some_and(|status| status != EntryStatus::Pending)
    }

    /// Of which accounts; none: of all.
    fn accounts(&self) -> Option<Vec<i64>> {
        match self.account {
            Some(account) => {
                Some(Some(account.0).filter(|_| self.within.sees(account)).into_iter().collect())
            }
            None => self.within.accounts().map(|accounts| accounts.iter().map(|account| account.0).collect()),
        }
    }

    fn priorities(&self) -> (i32, i32) {
        let least = self.least_urgent.unwrap_or(Priority::LAST).get();
        match self.priority.map(Priority::get) {
            Some(asked) => (asked, asked.min(least)),
            None => (Priority::FIRST.get(), least),
        }
    }

    fn asks_for_a_priority(&self) -> bool {
        self.priority.is_some() || self.least_urgent.is_some()
    }

    /// What its entries are gathered as, if they are.
    fn kind(&self) -> Option<Kind> {
        if self.content.is_some() {
            return None;
        }
        let due_by = self.due_at.map(|now| now.micros());
        match self.status {
            Some(EntryStatus::Pending) => Some(Kind::Waiting { priorities: self.priorities(), due_by }),
            None if due_by.is_some() => Some(Kind::Waiting { priorities: self.priorities(), due_by }),
            Some(EntryStatus::Publishing) => Some(Kind::OnTheWire),
            Some(EntryStatus::Uncertain) => Some(Kind::Uncertain),
            None | Some(EntryStatus::Published | EntryStatus::Failed | EntryStatus::Cancelled) => None,
        }
    }
}

/// None where they are not gathered, or are too many for that.
fn gathered(
    conn: &mut DbConnection,
    filter: &Filter,
    window: Window,
    kept: Option<i64>,
) -> Result<Option<Found>, DbError> {
    let Some(kind) = filter.kind() else { return Ok(None) };
    let accounts = match filter.accounts() {
        Some(accounts) => accounts,
        None => accounts::table.select(accounts::id).limit(ACCOUNTS_MAX + 1).load(conn)?,
    };
    let by_priority = matches!(kind, Kind::Waiting { .. });
    let is_narrowed = filter.title.is_some() || !by_priority && filter.asks_for_a_priority();
    let most = if is_narrowed { EACH_MAX } else { COUNTED_MAX };
    let too_many = |count: i64, most: i64| count > most;
    if too_many(i64::try_from(accounts.len()).unwrap_or(i64::MAX), ACCOUNTS_MAX) {
        return Ok(None);
    }
    let gathering = Gathering { kind, accounts, most: most + 1 };
    let count = match kept {
        Some(kept) => kept,
        None => gathering.count(conn)?,
    };
    if too_many(count, most) {
        return Ok(None);
    }
    let (ids, total) = match is_narrowed {
        false => (gathering.page(conn, window.end(), window.limit, window.offset)?, count),
        true => {
            let all = gathering.page(conn, i64::MAX, most, 0)?;
            let kept = narrowed(conn, &all, filter)?;
            let older = kept.iter().copied().filter(|entry| entry.0 < window.end());
            let skipped = usize::try_from(window.offset).unwrap_or(usize::MAX);
            let ids = older.skip(skipped).take(usize::try_from(window.limit).unwrap_or(0)).collect();
            (ids, i64::try_from(kept.len()).unwrap_or(i64::MAX))
        }
    };
    let next = window.after(&ids);
    Ok(Some(Found { ids, total, is_whole: true, next }))
}

/// What stands in an index in the order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Everything,
    OfAccount(AccountId),
    Ended(Ended),
    OfContent(ContentId),
}

/// What nothing more becomes of, and few entries: in this form it leads to the partial index of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Failed,
    Cancelled,
}

impl Ended {
    fn of(status: EntryStatus) -> Option<Self> {
        match status {
            EntryStatus::Failed => Some(Ended::Failed),
            EntryStatus::Cancelled => Some(Ended::Cancelled),
            EntryStatus::Pending
            | EntryStatus::Publishing
            | EntryStatus::Published
            | EntryStatus::Uncertain => None,
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Ended::Failed => "publish_pool.status = 'failed'",
            Ended::Cancelled => "publish_pool.status = 'cancelled'",
        }
    }
}

impl Span {
    fn of(filter: &Filter) -> Self {
        match (filter.content, filter.status.and_then(Ended::of)) {
            (Some(content), _) => Span::OfContent(content),
            (None, Some(ended)) => Span::Ended(ended),
            (None, None) => match filter.accounts().as_deref() {
                Some([account]) => Span::OfAccount(AccountId(*account)),
                Some(_) | None => Span::Everything,
            },
        }
    }

    /// How much of it is looked at. The entries of one content are few.
    fn most(self, filter: &Filter) -> Option<i64> {
        match self {
            Span::OfContent(_) => None,
            Span::Everything | Span::OfAccount(_) if filter.title.is_none() => Some(EXAMINED_MAX),
            Span::Ended(_) | Span::Everything | Span::OfAccount(_) => Some(EACH_MAX),
        }
    }
}

/// The last of so many before an id; none where there are fewer.
fn last_of(
    conn: &mut DbConnection,
    span: Span,
    end: i64,
    most: Option<i64>,
) -> Result<Option<EntryId>, DbError> {
    let Some(most) = most else { return Ok(None) };
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let all = within!(dsl::publish_pool.select(dsl::id), span, None, end, is_postgres);
    let last = in_order!(all, span, is_postgres).limit(1).offset(most - 1);
    Ok(last.first(conn).optional()?)
}

fn walked(
    conn: &mut DbConnection,
    span: Span,
    filter: &Filter,
    window: Window,
    kept: Option<i64>,
) -> Result<Found, DbError> {
    let most = span.most(filter);
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let counted_to = last_of(conn, span, i64::MAX, most)?;
    let walked_to = match window.before {
        None => counted_to,
        Some(_) => last_of(conn, span, window.end(), most)?,
    };
    let some = within!(dsl::publish_pool.select(dsl::id), span, walked_to, window.end(), is_postgres);
    let some = in_order!(beside!(some, span, filter), span, is_postgres);
    let ids: Vec<EntryId> = some.limit(window.limit).offset(window.offset).load(conn)?;
    // Where a page is not full, the walk has ended.
    let next = window.after(&ids).or(walked_to);
    if let Some(total) = kept {
        return Ok(Found { ids, total, is_whole: true, next });
    }
    let all = within!(dsl::publish_pool.count(), span, counted_to, i64::MAX, is_postgres);
    let total = beside!(all, span, filter).get_result(conn)?;
    Ok(Found { ids, total, is_whole: counted_to.is_none(), next })
}

/// Those of some entries that are as it is asked, newest first.
fn narrowed(conn: &mut DbConnection, ids: &[EntryId], filter: &Filter) -> Result<Vec<EntryId>, DbError> {
    let mut kept: Vec<EntryId> = Vec::new();
    for part in ids.chunks(PART) {
        let part: Vec<i64> = part.iter().map(|entry| entry.0).collect();
        let some = dsl::publish_pool.select(dsl::id).into_boxed().filter(dsl::id.eq_any(part));
        kept.extend(beside!(some, Span::Everything, filter).load::<EntryId>(conn)?);
    }
    kept.sort_unstable_by(|one, other| other.cmp(one));
    Ok(kept)
}
