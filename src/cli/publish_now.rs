//! `publish-pool publish`: entries are published now, on a node of this very command, beside a server or without one.

use super::output::Output;
use super::progress::Progress;
use super::{Before, Done, Failure, user};
use crate::app::App;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::EntryId;
use crate::publishing_now::{self, Outcome};
use crate::views::EntryView;
use crate::words::message;
use serde_json::{Value, json};

const COLUMNS: [(&str, &str); 6] = [
    ("ID", "id"),
    ("CONTENT", "content_id"),
    ("ACCOUNT", "account_id"),
    ("STATUS", "status"),
    ("URL", "url"),
    ("LAST ERROR", "last_error"),
];

pub fn run(ids: Vec<EntryId>, app: &App, out: &Output) -> Result<Done, Failure> {
    let mut progress = Progress::new(&message("progress-publishing").into(), super::language());
    let outcome = publishing_now::run(app, ids, user(), |tried, count| {
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        progress.set(size(tried), size(count));
    })?;
    // Off the terminal before there is a table on it.
    drop(progress);
    let rows = match outcome {
        Outcome::Tried(rows) => rows,
        Outcome::Stopped(signal) => {
            return Err(Failure::Stopped { signal, before: Before::EachTried });
        }
        Outcome::EndedAtOnce(signal) => return Err(Failure::EndedAtOnce(signal)),
    };
    let published = rows.iter().filter(|row| row.status == EntryStatus::Published).count();
    let all = rows.len();
    let (now, here) = (app.clock().now(), app.here());
    let rows: Vec<Value> = rows.into_iter().map(|row| json!(EntryView::new(row, now, &here))).collect();
    out.list(&COLUMNS, &rows, &json!({"items": rows}))?;
    Ok(match published {
        _ if published == all => Done::Well,
        0 => Done::Failed,
        _ => Done::Partly,
    })
}
