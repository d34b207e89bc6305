//! `contenthub account slots`.

use super::output::{Output, harmless};
use super::{Done, Failure};
use crate::operations::slots::Calendar;
use crate::views::{CalendarView, SlotView};
use crate::words::{Sentence, message};
use serde_json::{Value, json};

/// The coming slots, and what sits in them.
pub fn show(calendar: Calendar, out: &Output) -> Result<Done, Failure> {
    let Calendar { account, name, zone, slots } = calendar;
    if slots.is_empty() {
        let said = Sentence::new(message("note-no-slots")).with("account", account.to_string());
        eprintln!("{}", harmless(&out.words(&said.with("name", name.as_str()))));
    }
    let items: Vec<SlotView> =
        slots.into_iter().map(|slot| SlotView::new(slot.at, zone, slot.is_kept, slot.seat)).collect();
    let state = |item: &SlotView| match (item.free, item.kept) {
        (true, _) if out.is_table() => out.words(&message("slot-free").into()),
        (true, _) => "free".to_owned(),
        (false, true) => item.status.map_or_else(String::new, |status| status.to_string()),
        (false, false) if out.is_table() => out.words(&message("slot-gone").into()),
        (false, false) => "in a slot that is no longer one".to_owned(),
    };
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let mut row = json!(item);
            row["state"] = json!(state(item));
            row
        })
        .collect();
    let columns =
        [("LOCAL", "local"), ("WHEN", "at"), ("ENTRY", "entry_id"), ("CONTENT", "title"), ("STATE", "state")];
    let view = CalendarView { account_id: account, account: name, timezone: zone.to_string(), items };
    out.list(&columns, &rows, &json!(view))
}
