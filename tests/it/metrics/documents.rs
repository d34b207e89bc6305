//! What the docs say of metrics is what the program shows: the table, the dashboard and the alerts name no metric that is not
//! there, and Prometheus' own tool reads the queries.

use crate::support::metrics::promtool;
use contenthub::api::{METRICS, metrics_table};
use contenthub::domain::ended_as::EndedAs;
use prometheus_client::metrics::MetricType;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// Every word in a text that could be a metric of ours.
fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("contenthub_") && *word != "contenthub_").collect()
}

/// The series that there are: a histogram has three of its name.
fn series() -> BTreeSet<String> {
    let all = METRICS.iter().flat_map(|metric| match metric.kind {
        MetricType::Histogram => {
            ["_bucket", "_sum", "_count"].iter().map(|end| format!("{}{end}", metric.name)).collect()
        }
        _ => vec![metric.name.to_owned()],
    });
    all.collect()
}

#[track_caller]
fn names_only_what_is_there(name: &str, query: &str) {
    let series = series();
    for word in words(query) {
        assert!(series.contains(word), "{name}: there is no {word}: {query}");
    }
}

#[test]
fn the_docs_have_the_table_as_it_is() {
    let text = read("metrics.md");
    let (before, rest) = text.split_once("| metric |").expect("a table");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    let new = format!("{before}{}\n{after}", metrics_table());
    let new = new.trim_end().to_owned() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(docs().join("metrics.md"), &new).expect("written");
        return;
    }
    assert_eq!(text, new, "docs/metrics.md: UPDATE_SNAPSHOTS=1 writes it anew");
    // What it says beside the table names nothing else.
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let beside: BTreeSet<String> =
        words(&format!("{before}{after}")).into_iter().map(str::to_owned).collect();
    for word in beside {
        assert!(known.contains(&*word) || series().contains(&word), "docs/metrics.md: there is no {word}");
    }
    for kind in EndedAs::ALL {
        assert!(text.contains(&format!("| `{kind}` |")), "docs/metrics.md does not say what {kind} is");
    }
}

#[test]
fn a_row_is_a_row_of_a_table_and_a_metric_one_of_prometheus() {
    let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "a name twice");
    for metric in METRICS {
        let name = metric.name;
        assert!(name.starts_with("contenthub_"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == MetricType::Counter, "{name}");
        let cells = [metric.means, metric.watch];
        assert!(cells.iter().all(|cell| cell.ends_with('.') && !cell.contains(['|', '\n'])), "{name}");
    }
}

/// Each query of the dashboard, with the panel that it is in.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        let targets = panel["targets"].as_array().into_iter().flatten();
        found.extend(
            targets.map(|target| (title.to_owned(), target["expr"].as_str().expect("a query").to_owned())),
        );
    }
    found
}

#[test]
fn the_dashboard_asks_for_nothing_but_what_is_there() {
    let text = read("grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let queries = queries(&dashboard);
    assert!(queries.len() >= 15, "{} queries", queries.len());
    let mut rules = String::from("groups:\n- name: dashboard\n  rules:\n");
    for (place, (title, query)) in queries.iter().enumerate() {
        assert!(!words(query).is_empty(), "{title}: {query}");
        names_only_what_is_there(title, query);
        // Grafana's own words are none of Prometheus'.
        let query = query.replace("$__rate_interval", "5m");
        rules.push_str(&format!("  - record: panel:{place}\n    expr: {}\n", serde_json::json!(query)));
    }
    // Variables have queries, too.
    for variable in dashboard["templating"]["list"].as_array().expect("variables") {
        names_only_what_is_there("a variable", &variable["query"].to_string());
    }
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("dashboard.yml"), rules).expect("written");
    assert_eq!(promtool(dir.path(), &["check", "rules", "dashboard.yml"], ""), Ok(()));
    // Whatever is counted is shown somewhere, but for what says nothing by itself.
    let shown = queries.iter().map(|(_, query)| query.as_str()).collect::<Vec<_>>().join("\n");
    let unseen =
        METRICS.iter().filter(|metric| !shown.contains(metric.name) && !metric.watch.starts_with("Nothing"));
    let unseen: Vec<&str> = unseen.map(|metric| metric.name).collect();
    assert!(unseen.is_empty(), "no panel shows {unseen:?}");
}

#[test]
fn the_alerts_stand_on_what_is_there_and_ring_when_they_should() {
    const TESTS: &str = "tests/it/metrics/alerts.test.yml";
    let alerts = read("prometheus-alerts.yml");
    names_only_what_is_there("prometheus-alerts.yml", &alerts);
    assert_eq!(promtool(&docs(), &["check", "rules", "prometheus-alerts.yml"], ""), Ok(()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = std::fs::read_to_string(root.join(TESTS)).expect("tests of the alerts");
    names_only_what_is_there(TESTS, &tests);
    let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut count = 0;
    for name in names {
        count += 1;
        assert!(tests.contains(&format!("alertname: {name}\n")), "{TESTS} does not have {name} ring");
    }
    assert!(count >= 8, "{count} alerts");
    assert_eq!(promtool(root, &["test", "rules", TESTS], ""), Ok(()));
}
