//! An event as those who listen get it.

use super::LogView;
use crate::db::audit::AuditRow;
use crate::db::events::{EventRow, Rows};
use crate::db::publish_log::LogRow;
use crate::domain::clock::Timestamp;
use crate::domain::event::{EventKind, OF_ATTEMPTS, OF_CHANGES, Place};
use crate::domain::ids::AccountId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub struct EventView {
    /// How far the stream was heard with this one: for `Last-Event-ID`.
    pub id: String,
    /// Such as `attempt.published`, `change.entry.add`, `account.suspended`.
    #[serde(rename = "type")]
    pub kind: String,
    pub at: Timestamp,
    /// The account that it is about; none where it is about none, or about several.
    pub account_id: Option<AccountId>,
    /// What else is to be told: of an attempt its row in the log, of a change what was changed.
    pub data: Value,
}

/// The events of some rows that follow `place`, and how far the stream is heard with them. Those that happened first are
/// told first, as far as each kind's own order allows.
pub fn told(rows: &Rows, mut place: Place) -> (Vec<EventView>, Place) {
    let mut attempts: VecDeque<&LogRow> = rows.attempts.iter().collect();
    let mut changes: VecDeque<&(AuditRow, Option<AccountId>)> = rows.changes.iter().collect();
    let mut others: VecDeque<&EventRow> = rows.others.iter().collect();
    let mut events = Vec::new();
    loop {
        let next = [
            attempts.front().map(|row| row.finished_at),
            changes.front().map(|(row, _)| row.at),
            others.front().map(|row| row.at),
        ];
        let first = (0..next.len()).filter_map(|source| Some((next[source]?, source))).min();
        let event = match first {
            Some((_, 0)) => attempts.pop_front().map(|row| {
                place.log = row.id.0;
                of_attempt(row)
            }),
            Some((_, 1)) => changes.pop_front().map(|(row, account)| {
                place.change = row.id.0;
                of_change(row, *account)
            }),
            _ => others.pop_front().map(|row| {
                place.other = row.id;
                of_other(row)
            }),
        };
        match event {
            Some(event) => events.push(EventView { id: place.to_string(), ..event }),
            None => return (events, place),
        }
    }
}

fn event(kind: String, at: Timestamp, account_id: Option<AccountId>, data: Value) -> EventView {
    EventView { id: String::new(), kind, at, account_id, data }
}

fn of_attempt(row: &LogRow) -> EventView {
    let kind = format!("{OF_ATTEMPTS}.{}", row.status);
    event(kind, row.finished_at, Some(row.account_id), json!(LogView::from(row.clone())))
}

/// Not who did it, nor from where: that is for those who may read the audit.
fn of_change(row: &AuditRow, account: Option<AccountId>) -> EventView {
    let data = json!({"audit_id": row.id, "resource": row.resource, "resource_id": row.resource_id});
    event(format!("{OF_CHANGES}.{}", row.action), row.at, account, data)
}

fn of_other(row: &EventRow) -> EventView {
    let data = match row.kind {
        EventKind::AccountSuspended => json!({"reason": row.said}),
        EventKind::LaneDown | EventKind::LaneUp => json!({}),
        EventKind::RunEnded => json!({"execution_id": row.execution_id, "status": row.said}),
        EventKind::AttemptProven => json!({"log_id": row.log_id}),
    };
    event(row.kind.to_string(), row.at, row.account_id, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AuditId;
    use crate::domain::resource::Resource;

    fn change(id: i64, at: i64) -> (AuditRow, Option<AccountId>) {
        let row = AuditRow {
            id: AuditId(id),
            at: Timestamp::from_micros(at),
            who: "somebody".to_owned(),
            token_id: None,
            place: "cli".to_owned(),
            action: "entry.add".to_owned(),
            resource: Resource::Entry,
            resource_id: Some(7),
            state_before: None,
            state_after: Some("{\"secret\":1}".to_owned()),
        };
        (row, Some(AccountId(3)))
    }

    fn other(id: i64, at: i64) -> EventRow {
        EventRow {
            id,
            at: Timestamp::from_micros(at),
            kind: EventKind::LaneDown,
            account_id: Some(AccountId(3)),
            execution_id: None,
            log_id: None,
            said: None,
        }
    }

    #[test]
    fn events_of_several_tables_are_told_by_their_time_and_in_the_order_of_each() {
        let rows = Rows {
            attempts: Vec::new(),
            changes: vec![change(5, 10), change(6, 30)],
            others: vec![other(2, 40), other(3, 20)],
        };
        let (events, place) = told(&rows, Place { log: 1, change: 4, other: 1 });
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["1.5.1", "1.6.1", "1.6.2", "1.6.3"]);
        assert_eq!(place, Place { log: 1, change: 6, other: 3 });
        let shown = json!(events).to_string();
        assert!(!shown.contains("secret") && !shown.contains("somebody"), "{shown}");
        assert_eq!(events[0].kind, "change.entry.add");
    }
}
