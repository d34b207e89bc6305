//! `contenthub status`: what an operator looks at first. Read from the database, with and without a server.

use super::output::{self, Output};
use super::{Done, Failure};
use crate::app::App;
use crate::domain::lane_look::BreakerState;
use crate::operations::OperationError;
use crate::operations::status::GetStatus;
use crate::views::{LaneView, NodeView, StatusView};
use crate::words::{Sentence, message};
use serde_json::{Value, json};
use std::time::Duration;

pub fn run(app: &App, out: &Output) -> Result<Done, Failure> {
    let status = app.run(GetStatus)?.find_the_living(&app.settings().database);
    let view = StatusView::new(&status.map_err(OperationError::from)?, None);
    if out.is_json() {
        return out.one(&json!(view));
    }
    let lanes: Vec<Value> = view.lanes.iter().map(|it| lane(it, out)).collect();
    if !out.is_table() {
        let columns = [&LANES[..], &[("GATE", "gate")]].concat();
        return out.list(&columns, &lanes, &Value::Null);
    }
    let mut text = headline(&view, out) + "\n";
    for problem in &view.problems {
        text.push_str(&format!("  {}\n", output::harmless(&out.words(&problem.sentence))));
    }
    if !view.nodes.is_empty() {
        let nodes: Vec<Value> = view.nodes.iter().map(|it| node(it, &view, out)).collect();
        text.push_str(&format!("\n{}", out.table(&NODES, &nodes)));
    }
    if !lanes.is_empty() {
        text.push_str(&format!("\n{}", out.table(&LANES, &lanes)));
    }
    // Below the table, because a column of a narrow terminal has no room for a sentence.
    let gate = |lane: &Value| {
        Some(vec![format!("{}:", output::shown(&lane["name"])), lane["gate"].as_str()?.to_owned()])
    };
    let shut: Vec<Vec<String>> = lanes.iter().filter_map(gate).collect();
    if !shut.is_empty() {
        text.push_str(&format!("\n{}", out.lines(shut)));
    }
    output::write(&text)
}

/// The one line for whoever has no time.
fn headline(view: &StatusView, out: &Output) -> String {
    let how = match (view.ok, view.problems.len()) {
        (true, _) => message("status-well").into(),
        (false, 1) => message("status-one-problem").into(),
        (false, count) => Sentence::new(message("status-problems")).with("count", count.to_string()),
    };
    let nodes = match view.nodes.iter().filter(|node| node.alive).count() {
        0 => message("status-no-node").into(),
        1 => message("status-one-node").into(),
        count => Sentence::new(message("status-nodes")).with("count", count.to_string()),
    };
    let said = match view.oldest_due_seconds {
        None => Sentence::new(message("status-headline")),
        Some(seconds) => Sentence::new(message("status-headline-oldest")).with("oldest", long(seconds)),
    };
    let said = said
        .with("how", out.words(&how))
        .with("nodes", out.words(&nodes))
        .with("wire", view.in_flight)
        .with("due", capped(view.due_now, view.due_now_capped));
    out.words(&said)
}

fn long(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(0.0))
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

fn node(node: &NodeView, view: &StatusView, out: &Output) -> Value {
    let state = match (node.alive, node.stopping, node.kind) {
        (false, _, _) => {
            Sentence::new(message("status-node-gone")).with("span", view.at.since(node.last_seen_at))
        }
        (true, true, _) => message("status-node-stopping").into(),
        (true, false, "server") => message("status-node-server").into(),
        (true, false, _) => message("status-node-command").into(),
    };
    json!({
        "id": node.id,
        "on": format!("{} ({})", node.host, node.pid),
        "version": node.version,
        "state": out.words(&state),
        "up": node.alive.then(|| out.span(view.at.since(node.started_at))),
        "wire": format!("{}/{}", node.in_flight, node.concurrency),
        "restarts": node.restarts.total(),
    })
}

fn lane(lane: &LaneView, out: &Output) -> Value {
    let state = if lane.open { message("status-open") } else { message("status-shut") };
    // Programs get the words of JSON; people their own.
    let (state, gate) = match out.is_table() {
        true => (out.words(&state.into()), lane.why.as_ref().map(|why| gate(lane, why, out))),
        false => (if lane.open { "open" } else { "shut" }.to_owned(), lane.gate.clone()),
    };
    json!({
        "name": lane.name,
        "platform": lane.platform,
        "wire": format!("{}/{}", lane.in_flight, lane.concurrency),
        "due": capped(lane.due_now, lane.due_now_capped),
        "oldest": lane.oldest_due_seconds.map(|seconds| out.span(long(seconds))),
        "today": lane.daily_cap.map(|cap| format!("{}/{}", cap.used, cap.cap)),
        "state": state,
        "gate": gate,
    })
}

fn gate(lane: &LaneView, why: &Sentence, out: &Output) -> String {
    // A suspension says itself when it ends.
    let until = lane.until.filter(|_| why.message() != message("gate-suspended-until"));
    let Some(until) = until else { return out.words(why) };
    // Then the platform need not be back.
    let is_down = lane.breaker.state != BreakerState::Closed;
    let said = if is_down { message("gate-next-try") } else { message("gate-until") };
    out.words(&Sentence::new(said).with("gate", out.words(why)).with("until", until))
}

fn capped(count: i64, is_capped: bool) -> String {
    format!("{count}{}", if is_capped { "+" } else { "" })
}
