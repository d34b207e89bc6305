//! `contenthub status`: what an operator looks at first. Read from the database, with and without a server.

use super::output::{self, Output};
use super::{Done, Failure};
use crate::app::App;
use crate::domain::alarms::span;
use crate::domain::lane_look::BreakerState;
use crate::operations::OperationError;
use crate::operations::status::GetStatus;
use crate::views::{LaneView, NodeView, StatusView};
use serde_json::{Value, json};
use std::time::Duration;

pub fn run(app: &App, out: &Output) -> Result<Done, Failure> {
    let status = app.run(GetStatus)?.find_the_living(&app.settings().database);
    let view = StatusView::new(&status.map_err(OperationError::from)?, None);
    if out.is_json() {
        return out.one(&json!(view));
    }
    let lanes: Vec<Value> = view.lanes.iter().map(lane).collect();
    if !out.is_table() {
        let columns = [&LANES[..], &[("GATE", "gate")]].concat();
        return out.list(&columns, &lanes, &Value::Null);
    }
    let mut text = headline(&view) + "\n";
    for problem in &view.problems {
        text.push_str(&format!("  {}\n", output::harmless(&problem.message)));
    }
    if !view.nodes.is_empty() {
        let nodes: Vec<Value> = view.nodes.iter().map(|it| node(it, &view)).collect();
        text.push_str(&format!("\n{}", output::table(&NODES, &nodes)));
    }
    if !lanes.is_empty() {
        text.push_str(&format!("\n{}", output::table(&LANES, &lanes)));
    }
    // Below the table, because a column of a narrow terminal has no room for a sentence.
    for lane in &lanes {
        if let Some(gate) = lane["gate"].as_str() {
            text.push_str(&format!("\n {}: {}", output::shown(&lane["name"]), output::harmless(gate)));
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    output::write(&text)
}

/// The one line for whoever has no time.
fn headline(view: &StatusView) -> String {
    let how = match (view.ok, view.problems.len()) {
        (true, _) => "all well".to_owned(),
        (false, 1) => "1 problem".to_owned(),
        (false, count) => format!("{count} problems"),
    };
    let living = view.nodes.iter().filter(|node| node.alive).count();
    let nodes = match living {
        0 => "no node runs".to_owned(),
        1 => "1 node".to_owned(),
        count => format!("{count} nodes"),
    };
    let oldest = view.oldest_due_seconds.map(|seconds| format!(", the oldest for {}", seconds_text(seconds)));
    let due = format!("{} due{}", capped(view.due_now, view.due_now_capped), oldest.unwrap_or_default());
    format!("{how}: {nodes}, {} on the wire, {due}", view.in_flight)
}

const NODES: [(&str, &str); 7] = [
    ("NODE", "id"),
    ("ON", "on"),
    ("VERSION", "version"),
    ("STATE", "state"),
    ("UP", "up"),
    ("WIRE", "wire"),
    ("RESTARTS", "restarts"),
];
const LANES: [(&str, &str); 7] = [
    ("LANE", "name"),
    ("PLATFORM", "platform"),
    ("WIRE", "wire"),
    ("DUE", "due"),
    ("OLDEST", "oldest"),
    ("TODAY", "today"),
    ("STATE", "state"),
];

fn node(node: &NodeView, view: &StatusView) -> Value {
    let state = match (node.alive, node.stopping) {
        (false, _) => format!("gone for {}", span(view.at.since(node.last_seen_at))),
        (true, true) => "stopping".to_owned(),
        (true, false) => node.kind.to_owned(),
    };
    json!({
        "id": node.id,
        "on": format!("{} ({})", node.host, node.pid),
        "version": node.version,
        "state": state,
        "up": node.alive.then(|| span(view.at.since(node.started_at))),
        "wire": format!("{}/{}", node.in_flight, node.concurrency),
        "restarts": node.restarts.total(),
    })
}

fn lane(lane: &LaneView) -> Value {
    let is_down = lane.breaker.state != BreakerState::Closed;
    // Then the platform need not be back.
    let until = lane.until.map(|until| match is_down {
        true => format!("; the next try is at {until}"),
        false => format!(", until {until}"),
    });
    let gate = lane.gate.as_ref().map(|words| match words.contains(" until ") {
        // A suspension says itself when it ends.
        true => words.clone(),
        false => format!("{words}{}", until.unwrap_or_default()),
    });
    json!({
        "name": lane.name,
        "platform": lane.platform,
        "wire": format!("{}/{}", lane.in_flight, lane.concurrency),
        "due": capped(lane.due_now, lane.due_now_capped),
        "oldest": lane.oldest_due_seconds.map(seconds_text),
        "today": lane.daily_cap.map(|cap| format!("{}/{}", cap.used, cap.cap)),
        "state": if lane.open { "open" } else { "shut" },
        "gate": gate.map(|gate| whole_seconds(&gate)),
    })
}

fn capped(count: i64, is_capped: bool) -> String {
    format!("{count}{}", if is_capped { "+" } else { "" })
}

fn seconds_text(seconds: f64) -> String {
    span(Duration::from_secs_f64(seconds.max(0.0)))
}

/// Instants without their fractions, which nobody reads here.
fn whole_seconds(text: &str) -> String {
    let mut parts = text.split('.');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|it: char| it.is_ascii_digit());
        let is_fraction = part.len() - rest.len() == 6 && rest.starts_with('Z');
        whole.push_str(&if is_fraction { rest.to_owned() } else { format!(".{part}") });
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instants_lose_their_fractions() {
        let text = "since 2026-11-24T18:48:47.023102Z; v1.5. Until 2026-11-24T18:50:27.000000Z";
        assert_eq!(whole_seconds(text), "since 2026-11-24T18:48:47Z; v1.5. Until 2026-11-24T18:50:27Z");
    }
}
