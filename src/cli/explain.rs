//! `contenthub publish-pool show`: the questions of whoever looks for a post, answered.

use super::output::{self, Output, harmless};
use super::{Done, Failure};
use crate::app::App;
use crate::domain::ids::EntryId;
use crate::operations::OperationError;
use crate::operations::explain::ExplainEntry;
use crate::views::{Answer, EntryView, ExplanationView, Here, LogView, Topic};
use crate::words::{Sentence, message};
use serde_json::{Value, json};

const ATTEMPTS: [(&str, &str); 5] = [
    ("ATTEMPT", "attempt"),
    ("STATUS", "status"),
    ("FINISHED", "finished_at"),
    ("CODE", "error_code"),
    ("SAID", "said"),
];

pub fn run(id: EntryId, app: &App, out: &Output) -> Result<Done, Failure> {
    let facts = app.run(ExplainEntry(id))?.find_the_living(&app.settings().database);
    let facts = facts.map_err(OperationError::from)?;
    let (view, here) =
        (ExplanationView::new(&facts, None), Here::beside(&facts.seen.nodes, facts.can_decrypt));
    if out.is_table() {
        return output::write(&text(&view, out));
    }
    let mut entry = json!(EntryView::new(facts.row, view.at, &here));
    if out.is_json() {
        entry["explanation"] = json!(view);
    }
    out.one(&entry)
}

fn text(view: &ExplanationView, out: &Output) -> String {
    let state = |answer: &Answer| match (answer.about, answer.ok) {
        (Topic::Next, _) => "→",
        (_, true) => "ok",
        (_, false) => "wait",
    };
    let answer = |it: &Answer| vec![state(it).to_owned(), out.words(&it.sentence)];
    let mut text = out.lines(view.answers.iter().map(answer).collect());
    if !view.attempts.is_empty() {
        let attempts: Vec<Value> = view.attempts.iter().map(attempt).collect();
        text.push_str(&format!("\n{}", out.table(&ATTEMPTS, &attempts)));
        let shown = i64::try_from(view.attempts.len()).unwrap_or(i64::MAX);
        if view.attempts_total > shown {
            let said = Sentence::new(message("show-attempts-more")).with("count", view.attempts_total);
            text.push_str(&format!(" {}\n", out.words(&said)));
        }
    }
    if !view.actions.is_empty() {
        text.push_str(&format!("\n{}\n", out.words(&Sentence::new(message("show-what-to-do")))));
        for action in &view.actions {
            let said = out.words(&action.sentence);
            text.push_str(&format!("  {said}\n    {}\n", harmless(&action.command)));
        }
    }
    text
}

fn attempt(log: &LogView) -> Value {
    let out = || log.url.clone().or_else(|| log.media_id.clone());
    json!({
        "attempt": log.attempt,
        "status": log.status,
        "finished_at": log.finished_at,
        "error_code": log.error_code,
        "said": log.error_message.clone().or_else(out),
    })
}
