//! Every metric that there is: its name, its labels, what it is, what to watch, and where its samples come from. The one
//! table of them: [`markdown`] makes `docs/metrics.md` of it.

use super::Scrape;
use super::samples::Samples;
use crate::db::status::LaneStatus;
use crate::domain::ended_as::EndedAs;
use crate::domain::gates::Gate;
use crate::domain::lane_look::{BreakerState, Why};
use crate::metrics::accounts::Named;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use std::fmt;

/// One metric.
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricType,
    pub labels: &'static [&'static str],
    pub means: &'static str,
    /// What to do with it.
    pub watch: &'static str,
    samples: fn(&Scrape, &mut Samples<'_>) -> fmt::Result,
}

impl Metric {
    pub(super) fn show(&self, scrape: &Scrape, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        // The ending of a counter's name is written by the encoder.
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        let encoder = encoder.encode_descriptor(name, self.means, None, self.kind)?;
        (self.samples)(scrape, &mut Samples { encoder, labels: self.labels })
    }
}

const OF_AN_ACCOUNT: &[&str] = &["account_id", "account"];

/// First what the answering node knows of itself, then what is read of the database.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "contenthub_build_info",
        kind: MetricType::Gauge,
        labels: &["version", "database", "node"],
        means: "Always 1; its labels say what runs.",
        watch: "Nothing; shows which version ran when.",
        samples: |scrape, to| {
            to.gauge(&[env!("CARGO_PKG_VERSION"), scrape.database, &scrape.node.node.0], 1.0)
        },
    },
    Metric {
        name: "contenthub_started_timestamp_seconds",
        kind: MetricType::Gauge,
        labels: &[],
        means: "When the node started.",
        watch: "Changes that nobody made: it crashed, and was started anew.",
        samples: |scrape, to| to.gauge(&[], seconds(scrape.started_at.micros())),
    },
    Metric {
        name: "contenthub_attempts_total",
        kind: MetricType::Counter,
        labels: &["account_id", "account", "outcome"],
        means: "Attempts that ended, by what they came to, once that is in the database.",
        watch: "`failed`, `uncertain` and `error`, which need somebody; `retry` where it is much of all.",
        samples: |scrape, to| {
            scrape.accounts.iter().try_for_each(|one| {
                let id = one.id.to_string();
                EndedAs::ALL
                    .iter()
                    .try_for_each(|kind| to.counter(&[&id, &one.name, kind.as_str()], one.meter.ended(*kind)))
            })
        },
    },
    Metric {
        name: "contenthub_entries_missed_total",
        kind: MetricType::Counter,
        labels: &["account_id", "account", "reason"],
        means: "Entries that ended without having gone out in time: too_late, or gave_up where the platform was away.",
        watch: "Any.",
        samples: |scrape, to| {
            scrape.accounts.iter().try_for_each(|one| {
                let id = one.id.to_string();
                let mut reasons = one.meter.missed().into_iter();
                reasons.try_for_each(|(why, count)| to.counter(&[&id, &one.name, why], count))
            })
        },
    },
    Metric {
        name: "contenthub_possible_duplicates_total",
        kind: MetricType::Counter,
        labels: &[],
        means: "Posts that came to be out after another attempt had begun: they may be out twice.",
        watch: "Any: look for a second post.",
        samples: |scrape, to| to.counter(&[], &scrape.metrics.possible_duplicates),
    },
    Metric {
        name: "contenthub_publish_seconds",
        kind: MetricType::Histogram,
        labels: OF_AN_ACCOUNT,
        means: "How long attempts were on the wire.",
        watch: "Its p99 against the account's `timeout_seconds`.",
        samples: |scrape, to| {
            let of = |one: &Named, to: &mut Samples<'_>| {
                to.histogram(&[&one.id.to_string(), &one.name], &one.meter.publishing)
            };
            scrape.accounts.iter().try_for_each(|one| of(one, to))
        },
    },
    Metric {
        name: "contenthub_lateness_seconds",
        kind: MetricType::Histogram,
        labels: OF_AN_ACCOUNT,
        means: "How long after they were due attempts began; not of those that a person wanted out now.",
        watch: "Its p99: windows, spacing and caps make it large by intent, too few slots and outages do not.",
        samples: |scrape, to| {
            let of = |one: &Named, to: &mut Samples<'_>| {
                to.histogram(&[&one.id.to_string(), &one.name], &one.meter.lateness)
            };
            scrape.accounts.iter().try_for_each(|one| of(one, to))
        },
    },
    Metric {
        name: "contenthub_in_flight",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Attempts that the node has on the wire.",
        watch: "At `contenthub_slots` for long: more slots, or faster platforms, would help.",
        samples: |scrape, to| to.gauge(&[], scrape.node.in_flight as f64),
    },
    Metric {
        name: "contenthub_slots",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Attempts that share the node's slots at the most (`concurrency`); each lane may have one beside them.",
        watch: "Nothing by itself.",
        samples: |scrape, to| to.gauge(&[], scrape.node.concurrency as f64),
    },
    Metric {
        name: "contenthub_jobs",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Runs of tasks other than publishing that the node is at.",
        watch: "Nothing by itself; at most 4.",
        samples: |scrape, to| to.gauge(&[], scrape.jobs as f64),
    },
    Metric {
        name: "contenthub_recoveries_total",
        kind: MetricType::Counter,
        labels: &[],
        means: "Entries of dead nodes that this one brought back into work.",
        watch: "Any: a node died with posts on the wire.",
        samples: |scrape, to| to.counter(&[], &scrape.metrics.recovered),
    },
    Metric {
        name: "contenthub_restarts_total",
        kind: MetricType::Counter,
        labels: &["part"],
        means: "Parts of the node that broke down and were made anew.",
        watch: "Any, and report it; `/readyz` says where that does not help.",
        samples: |scrape, to| {
            let restarts = &scrape.node.restarts;
            to.count(&["publisher"], restarts.publisher)?;
            to.count(&["executor"], restarts.executor)?;
            to.count(&["scheduler"], restarts.scheduler)?;
            to.count(&["job_runner"], restarts.job_runner)?;
            to.count(&["database"], restarts.database)
        },
    },
    Metric {
        name: "contenthub_refusals_total",
        kind: MetricType::Counter,
        labels: &["mailbox"],
        means: "What was turned away because too much waited already: at the database's readers, writers and engine, and at the publishers.",
        watch: "Any: clients are told 503 `overloaded`.",
        samples: |scrape, to| {
            scrape.loads.iter().try_for_each(|(name, load)| to.counter(&[name], &load.refused))?;
            to.counter(&["publishers"], &scrape.metrics.refused_by_publishers)
        },
    },
    Metric {
        name: "contenthub_last_tick_timestamp_seconds",
        kind: MetricType::Gauge,
        labels: &[],
        means: "When the scheduler last had the database tell what is due; it does so every 15 s at the least.",
        watch: "More than a minute ago: nothing fires. `/readyz` says so, too.",
        samples: |scrape, to| match scrape.metrics.ticks.last() {
            Some(at) => to.gauge(&[], seconds(at.micros())),
            None => Ok(()),
        },
    },
    Metric {
        name: "contenthub_database_turn_seconds",
        kind: MetricType::Histogram,
        labels: &["group"],
        means: "How long a thread of the database was at what it was asked: readers and writers for people, engine for publishing.",
        watch: "The engine's p99 above 0.25 s: every post waits for it.",
        samples: |scrape, to| {
            scrape.loads.iter().try_for_each(|(name, load)| to.histogram(&[name], &load.turns))
        },
    },
    Metric {
        name: "contenthub_database_up",
        kind: MetricType::Gauge,
        labels: &[],
        means: "1 where the database answered within 2 s; else 0, and what is read of it is left out.",
        watch: "0 for two minutes, beside `up`: where the database does not even know tokens, nothing is answered.",
        samples: |scrape, to| to.gauge(&[], yes(scrape.status.is_some())),
    },
    Metric {
        name: "contenthub_entries",
        kind: MetricType::Gauge,
        labels: &["account_id", "account", "status"],
        means: "Entries of the pool. Their number is kept, however many there are.",
        watch: "`pending` that grows for days: more is added than goes out. `failed`: look what they want.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            for lane in &status.lanes {
                let counts = scrape.pool.get(&lane.account).copied().unwrap_or_default();
                for (status, entries) in counts.all() {
                    let labels = [&lane.account.to_string(), lane.name.as_str(), status.as_str()];
                    to.gauge(&labels, entries as f64)?;
                }
            }
            Ok(())
        },
    },
    Metric {
        name: "contenthub_due_entries",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "Entries that are due and wait, counted up to 1000.",
        watch: "Growth; how bad it is, the next one says.",
        samples: |scrape, to| lanes(scrape, to, |lane| lane.due_now as f64),
    },
    Metric {
        name: "contenthub_oldest_due_seconds",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "How long the first of them has been due; 0 where none is.",
        watch: "More than ten minutes on a lane that is open (`contenthub_lane_open`): it ought to have gone out.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            let waited = |lane: &LaneStatus| lane.oldest_due_at.map(|at| status.at.since(at).as_secs_f64());
            lanes(scrape, to, |lane| waited(lane).unwrap_or(0.0))
        },
    },
    Metric {
        name: "contenthub_lane_in_flight",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "Attempts on the wire, of all nodes.",
        watch: "At the account's `concurrency` for long.",
        samples: |scrape, to| lanes(scrape, to, |lane| f64::from(lane.in_flight)),
    },
    Metric {
        name: "contenthub_lane_open",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "1 where nothing keeps the lane shut.",
        watch: "Nothing by itself; see `contenthub_lanes`.",
        samples: |scrape, to| lanes(scrape, to, |lane| yes(lane.shut.is_none())),
    },
    Metric {
        name: "contenthub_lane_needs_person",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "1 where the lane does not open by itself, and nobody has disabled it.",
        watch: "1: `/scheduler/status` says why.",
        samples: |scrape, to| {
            lanes(scrape, to, |lane| yes(lane.shut.as_ref().is_some_and(|shut| shut.needs_a_person)))
        },
    },
    Metric {
        name: "contenthub_breaker_state",
        kind: MetricType::Gauge,
        labels: OF_AN_ACCOUNT,
        means: "The lane's breaker: 0 closed, 1 half open (the platform is being tried), 2 tripped (it is taken to be down).",
        watch: "Above 0 for ten minutes.",
        samples: |scrape, to| {
            lanes(scrape, to, |lane| match lane.breaker {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Tripped => 2.0,
            })
        },
    },
    Metric {
        name: "contenthub_lanes",
        kind: MetricType::Gauge,
        labels: &["state"],
        means: "Lanes that are open, and those that are shut by what keeps them so.",
        watch: "`suspended` and `wrong_key`.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            LANE_STATES.iter().try_for_each(|state| {
                let count = status.lanes.iter().filter(|lane| lane_state(lane) == *state).count();
                to.gauge(&[state], count as f64)
            })
        },
    },
    Metric {
        name: "contenthub_publishing_entries",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Entries that a node has claimed, of all nodes.",
        watch: "Nothing by itself.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            to.gauge(&[], status.on_the_wire.values().sum::<i64>() as f64)
        },
    },
    Metric {
        name: "contenthub_uncertain_entries",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Entries that may be out, which only a person can tell; counted up to 1000.",
        watch: "Any: look, and `resolve` them.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            to.gauge(&[], status.uncertain as f64)
        },
    },
    Metric {
        name: "contenthub_open_executions",
        kind: MetricType::Gauge,
        labels: &[],
        means: "Runs that are on.",
        watch: "Nothing by itself.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            to.gauge(&[], status.open_executions as f64)
        },
    },
    Metric {
        name: "contenthub_paused",
        kind: MetricType::Gauge,
        labels: &[],
        means: "1 where somebody has paused all publishing.",
        watch: "1 for longer than anybody meant.",
        samples: |scrape, to| {
            let Some(status) = &scrape.status else { return Ok(()) };
            to.gauge(&[], yes(status.paused.is_some()))
        },
    },
];

/// Open, or what keeps it shut.
const LANE_STATES: [&str; 9] = [
    "open",
    "disabled",
    "suspended",
    "wrong_key",
    "asked_to_wait",
    "breaker",
    "window",
    "daily_cap",
    "spacing",
];

fn lane_state(lane: &LaneStatus) -> &'static str {
    match lane.shut.as_ref().map(|shut| &shut.why) {
        None => "open",
        Some(Why::Disabled) => "disabled",
        Some(Why::Suspended { .. }) => "suspended",
        Some(Why::Locked) => "wrong_key",
        Some(Why::Gate(Gate::AskedToWait)) => "asked_to_wait",
        Some(Why::Gate(Gate::Breaker { .. })) => "breaker",
        Some(Why::Gate(Gate::Window)) => "window",
        Some(Why::Gate(Gate::DailyCap(_))) => "daily_cap",
        Some(Why::Gate(Gate::Spacing(_))) => "spacing",
    }
}

/// One sample for each account, where the database has answered.
fn lanes(scrape: &Scrape, to: &mut Samples<'_>, value: impl Fn(&LaneStatus) -> f64) -> fmt::Result {
    let Some(status) = &scrape.status else { return Ok(()) };
    let mut lanes = status.lanes.iter();
    lanes.try_for_each(|lane| to.gauge(&[&lane.account.to_string(), &lane.name], value(lane)))
}

fn yes(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// The table as the docs have it.
pub fn markdown() -> String {
    let mut text =
        String::from("| metric | kind | labels | what it is | what to watch |\n|---|---|---|---|---|\n");
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let Metric { name, means, watch, .. } = metric;
        let (kind, labels) = (metric.kind.as_str(), labels.join(", "));
        text.push_str(&format!("| `{name}` | {kind} | {labels} | {means} | {watch} |\n"));
    }
    text
}
