//! Schedules at every clock change of eleven years, in zones of many kinds, against what clocks show minute by minute.

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific, Tz};
use contenthub::Timestamp;
use contenthub::domain::schedule::{Schedule, ScheduleType, Written};
use contenthub::domain::time_input;

const ZONES: [Tz; 8] = [
    Europe::Berlin,
    America::New_York,
    America::Sao_Paulo,
    Australia::Lord_Howe,
    Asia::Kolkata,
    Asia::Shanghai,
    Africa::Casablanca,
    Pacific::Apia,
];
/// 2025-01-01 and 2036-01-01.
const YEARS: (i64, i64) = (1_735_689_600, 2_082_758_400);
const DAY: i64 = 24 * 3600;

/// What the clocks of a zone show.
fn shown(instant: i64, zone: Tz) -> NaiveDateTime {
    DateTime::from_timestamp(instant, 0).expect("an instant").with_timezone(&zone).naive_local()
}

fn offset(instant: i64, zone: Tz) -> Duration {
    shown(instant, zone) - DateTime::from_timestamp(instant, 0).expect("an instant").naive_utc()
}

/// Every instant of these years at which an offset changes: all of them fall on a whole minute.
fn changes(zone: Tz) -> Vec<i64> {
    let hours = (YEARS.0..YEARS.1).step_by(3600);
    let changing = hours.filter(|hour| offset(*hour, zone) != offset(hour + 3600, zone));
    changing
        .flat_map(|hour| (hour + 60..=hour + 3600).step_by(60))
        .filter(|minute| offset(minute - 60, zone) != offset(*minute, zone))
        .collect()
}

fn cron(expression: &str, zone: Tz) -> Schedule {
    let written = Written {
        schedule_type: ScheduleType::Cron,
        interval_seconds: None,
        cron: Some(expression),
        run_at: None,
        timezone: zone.name(),
        anchor: Timestamp::MIN,
    };
    Schedule::read(written).unwrap_or_else(|wrong| panic!("{expression}: {wrong:?}"))
}

/// The fires of a schedule after one instant and up to another, in seconds.
fn fires(schedule: &Schedule, after: i64, to: i64) -> Vec<i64> {
    let mut at = Timestamp::from_micros(after * 1_000_000);
    let mut found = Vec::new();
    while let Some(next) = schedule.next_after(at) {
        assert!(next > at, "{next} is not after {at}");
        assert_eq!(next.micros() % 1_000_000, 0);
        if next.micros() > to * 1_000_000 {
            break;
        }
        found.push(next.micros() / 1_000_000);
        at = next;
    }
    found
}

/// Around every change of every zone: the zone, the change, and two days before and after it.
fn at_every_change(mut check: impl FnMut(Tz, i64, i64, i64)) {
    for zone in ZONES {
        let changes = changes(zone);
        let expected = match zone {
            Asia::Kolkata | Asia::Shanghai | America::Sao_Paulo | Pacific::Apia => 0,
            // Ramadan begins twice in 2030.
            Africa::Casablanca => 24,
            _ => 22,
        };
        assert_eq!(changes.len(), expected, "{zone}");
        // Where nothing changes, any day does.
        let looked_at = if changes.is_empty() { vec![1_774_746_000, 1_792_890_000] } else { changes };
        for change in looked_at {
            check(zone, change, change - 2 * DAY, change + 2 * DAY);
        }
    }
}

/// Each local minute that is named, at the first instant at which the clocks show it or something later.
fn each_local_time_once(named: impl Fn(u32, u32) -> bool, zone: Tz, from: i64, to: i64) -> Vec<i64> {
    let mut expected = Vec::new();
    // The latest that the clocks have shown so far; what they show again is not new.
    let mut latest = shown(from, zone);
    for instant in (from + 60..=to).step_by(60) {
        let now = shown(instant, zone);
        let mut passed = latest + Duration::minutes(1);
        let mut fires = false;
        while passed <= now {
            fires |= named(passed.hour(), passed.minute());
            passed += Duration::minutes(1);
        }
        latest = latest.max(now);
        if fires {
            expected.push(instant);
        }
    }
    expected
}

type Named = fn(u32, u32) -> bool;

#[test]
fn fixed_times_fire_once_for_each_local_time_and_none_is_missing_or_early() {
    let cases: [(&str, Named); 8] = [
        ("30 2 * * *", |h, m| (h, m) == (2, 30)),
        ("0 0 * * *", |h, m| (h, m) == (0, 0)),
        ("0 3 * * *", |h, m| (h, m) == (3, 0)),
        ("15,45 1,2,3 * * *", |h, m| (1..=3).contains(&h) && (m == 15 || m == 45)),
        ("0,30 0,1,2,3,4 * * *", |h, m| h <= 4 && m % 30 == 0),
        ("59 1 * * *", |h, m| (h, m) == (1, 59)),
        ("10 2 * * *", |h, m| (h, m) == (2, 10)),
        ("5,35 23,0 * * *", |h, m| (h == 23 || h == 0) && (m == 5 || m == 35)),
    ];
    at_every_change(|zone, change, from, to| {
        for (expression, named) in cases {
            let expected = each_local_time_once(named, zone, from, to);
            let found = fires(&cron(expression, zone), from, to);
            assert_eq!(found, expected, "{expression} in {zone} around {change}");
        }
    });
}

#[test]
fn a_rhythm_follows_real_time_through_both_halves_of_a_repeat() {
    let cases: [(&str, Named); 9] = [
        ("* * * * *", |_, _| true),
        ("*/5 * * * *", |_, m| m % 5 == 0),
        ("30 * * * *", |_, m| m == 30),
        ("0 */2 * * *", |h, m| h % 2 == 0 && m == 0),
        ("15 1-3 * * *", |h, m| (1..=3).contains(&h) && m == 15),
        ("*/20 2 * * *", |h, m| h == 2 && m % 20 == 0),
        ("10-12 1,2 * * *", |h, m| (h == 1 || h == 2) && (10..=12).contains(&m)),
        ("30 2-2 * * *", |h, m| (h, m) == (2, 30)),
        ("45 0-23/3 * * *", |h, m| h % 3 == 0 && m == 45),
    ];
    at_every_change(|zone, change, from, to| {
        for (expression, named) in cases {
            let is_named = |instant: &i64| {
                let now = shown(*instant, zone);
                named(now.hour(), now.minute())
            };
            let expected: Vec<i64> = (from + 60..=to).step_by(60).filter(is_named).collect();
            let found = fires(&cron(expression, zone), from, to);
            assert_eq!(found, expected, "{expression} in {zone} around {change}");
        }
    });
}

#[test]
fn the_next_fire_does_not_depend_on_when_it_is_asked_for() {
    let expressions =
        ["30 2 * * *", "*/20 * * * *", "17 1-3 * * *", "0,30 1,2 * * *", "30 59 1 * * *", "*/7 30 2 * * *"];
    at_every_change(|zone, change, from, to| {
        for expression in expressions {
            let schedule = cron(expression, zone);
            let all = fires(&schedule, from, to + DAY);
            // From every few minutes near the change, and not only from fire to fire.
            for asked in (change - 4 * 3600..change + 4 * 3600).step_by(437) {
                let next = all.iter().find(|fire| **fire > asked).expect("it fires every day");
                let half = Timestamp::from_micros(asked * 1_000_000 + 500_000);
                let found = schedule.next_after(half).map(|at| at.micros() / 1_000_000);
                assert_eq!(found, Some(*next), "{expression} in {zone}, asked at {asked}");
            }
        }
    });
}

#[test]
fn seconds_go_by_the_same_rules() {
    // At fixed minutes, each second once: all that a gap skips are one fire after it.
    let change = 1_774_746_000; // 2026-03-29 01:00 UTC: 02:00 is 03:00 in Berlin
    let fixed = fires(&cron("*/20 30 2,4 * * *", Europe::Berlin), change - 3600, change + 2 * 3600);
    assert_eq!(fixed, [0, 5400, 5420, 5440].map(|after| change + after));
    // And by the second in both halves of a repeat.
    let change = 1_792_890_000; // 2026-10-25 01:00 UTC: 03:00 is 02:00 in Berlin
    let rhythm = fires(&cron("*/30 */59 2 * * *", Europe::Berlin), change - 3660, change + 3600);
    let half = [0, 30, 3540, 3570];
    let expected: Vec<i64> =
        [-3600, 0].iter().flat_map(|begin| half.map(|after| change + begin + after)).collect();
    assert_eq!(rhythm, expected);
    let once = fires(&cron("15 30 2 * * *", Europe::Berlin), change - 3600, change + 3600);
    assert_eq!(once, [change - 3600 + 1815]);
}

#[test]
fn a_time_without_offset_is_the_first_instant_that_shows_it_or_something_later() {
    at_every_change(|zone, change, from, to| {
        let instants: Vec<(i64, NaiveDateTime)> =
            (from..=to).step_by(60).map(|instant| (instant, shown(instant, zone))).collect();
        let begin = shown(change - 3 * 3600, zone);
        for minutes in (0..6 * 60).step_by(3) {
            let local = begin + Duration::minutes(minutes);
            let text = local.format("%Y-%m-%d %H:%M:%S").to_string();
            let expected = instants.iter().find(|(_, shows)| *shows >= local).map(|(instant, _)| *instant);
            let found = time_input::parse(&text, zone).ok().map(|at| at.micros() / 1_000_000);
            assert_eq!(found, expected, "{text} in {zone}");
            let skipped = zone.from_local_datetime(&local).earliest().is_none();
            assert_eq!(time_input::is_shifted(&text, zone), skipped, "{text} in {zone}");
        }
    });
}

#[test]
fn what_a_gap_moves_is_marked() {
    let berlin = cron("30 2 * * *", Europe::Berlin);
    let from = Timestamp::from_micros(1_774_659_600 * 1_000_000);
    let marks: Vec<(String, bool)> = berlin
        .fires_after(from, 3)
        .iter()
        .map(|fire| (time_input::in_zone(fire.at, Europe::Berlin), fire.shifted))
        .collect();
    let expected = [
        ("2026-03-28T02:30:00+01:00", false),
        ("2026-03-29T03:00:00+02:00", true),
        ("2026-03-30T02:30:00+02:00", false),
    ];
    assert_eq!(marks, expected.map(|(at, shifted)| (at.to_owned(), shifted)));
}
