//! Schedules against fires that other libraries have worked out: golden/make_schedules.py wrote them.

use contenthub::Timestamp;
use contenthub::domain::schedule::{Schedule, ScheduleType, Written};
use contenthub::domain::time_input;
use std::fmt::Write;

const CASES: &str = include_str!("golden/schedules.tsv");

struct Case<'a> {
    kind: &'a str,
    expression: &'a str,
    zone: &'a str,
    from: i64,
    fires: Vec<i64>,
}

fn cases() -> Vec<Case<'static>> {
    let number = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("{text} is no number"));
    CASES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [kind, expression, zone, from, steps] = columns[..] else { panic!("{line}") };
            let from = number(from);
            let fires = steps.split(' ').scan(from, |at, step| {
                *at += number(step);
                Some(*at)
            });
            Case { kind, expression, zone, from, fires: fires.collect() }
        })
        .collect()
}

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn schedule(case: &Case<'_>) -> Schedule {
    let bare = Written {
        schedule_type: ScheduleType::Cron,
        interval_seconds: None,
        cron: None,
        run_at: None,
        timezone: case.zone,
        anchor: seconds(0),
    };
    let written = match case.kind {
        "cron" => Written { cron: Some(case.expression), ..bare },
        "interval" => {
            let (every, anchor) = case.expression.split_once(' ').expect("seconds and anchor");
            Written {
                schedule_type: ScheduleType::Interval,
                interval_seconds: every.parse().ok(),
                anchor: seconds(anchor.parse().expect("an anchor")),
                ..bare
            }
        }
        "once" => {
            let at = time_input::parse(case.expression, case.zone.parse().expect("a zone")).expect("a time");
            Written { schedule_type: ScheduleType::Once, run_at: Some(at), ..bare }
        }
        other => panic!("{other} is no kind of case"),
    };
    Schedule::read(written).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", case.expression))
}

#[test]
fn every_golden_schedule_fires_as_others_say() {
    let cases = cases();
    assert!(cases.len() >= 5000, "only {}", cases.len());
    let (mut wrong, mut text) = (0, String::new());
    for case in &cases {
        let fires = schedule(case).fires_after(seconds(case.from), case.fires.len());
        let ours: Vec<Timestamp> = fires.iter().map(|fire| fire.at).collect();
        let theirs: Vec<Timestamp> = case.fires.iter().copied().map(seconds).collect();
        if ours != theirs {
            wrong += 1;
            if wrong <= 10 {
                let (kind, expression, zone, from) =
                    (case.kind, case.expression, case.zone, seconds(case.from));
                let _ =
                    writeln!(text, "{kind} “{expression}” in {zone} from {from}:\n  {ours:?}\n  {theirs:?}");
            }
        }
    }
    assert_eq!(wrong, 0, "of {} schedules:\n{text}", cases.len());
}

/// Zones are politics: cases of another version of their database would differ for no fault of ours.
#[test]
fn the_golden_schedules_are_of_our_time_zones() {
    let version = chrono_tz::IANA_TZDB_VERSION;
    let first = CASES.lines().next().unwrap_or_default();
    assert!(
        first.starts_with(&format!("# tzdata {version};")),
        "chrono-tz has tzdata {version}, golden/schedules.tsv says “{first}”; make it anew with that version"
    );
}
