//! Windows against the clocks of the world.

use super::*;
use crate::domain::time_input;
use chrono::{Datelike, Timelike};
use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific, UTC};
use std::time::Duration;

const MICROSECOND: Duration = Duration::from_micros(1);

fn at(text: &str) -> Timestamp {
    time_input::parse(text, UTC).expect(text)
}

fn windows(texts: &[&str]) -> Windows {
    Windows::read(texts).unwrap_or_else(|wrong| panic!("{texts:?}: {wrong:?}"))
}

#[test]
fn a_window_is_read_as_people_write_it_and_written_one_way() {
    for (given, written) in [
        ("08:00-23:00", "08:00-23:00"),
        ("  08:00 - 23:00 ", "08:00-23:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("22:00-00:00", "22:00-24:00"),
        ("22:00-02:00", "22:00-02:00"),
        ("23:59-23:58", "23:59-23:58"),
        ("mon-fri 08:00-23:00", "mon-fri 08:00-23:00"),
        ("MON-Fri08:00-23:00", "mon-fri 08:00-23:00"),
        ("mon,tue,wed,thu,fri 08:00-23:00", "mon-fri 08:00-23:00"),
        ("sun,sat 22:00-02:00", "sat,sun 22:00-02:00"),
        ("mon 09:00-24:00", "mon 09:00-24:00"),
        ("mon-mon 09:00-10:00", "mon 09:00-10:00"),
        ("fri-mon 09:00-10:00", "fri-mon 09:00-10:00"),
        ("mon, sun, wed 09:00-10:00", "wed,sun,mon 09:00-10:00"),
        ("thu - tue , thu 09:00-10:00", "thu-tue 09:00-10:00"),
        ("mon-sun 09:00-10:00", "09:00-10:00"),
        ("wed-tue 09:00-10:00", "09:00-10:00"),
    ] {
        let read: Window = given.parse().unwrap_or_else(|error| panic!("{given}: {error}"));
        assert_eq!(read.to_string(), written, "{given}");
        assert_eq!(written.parse(), Ok(read), "{written} is read back as what was written");
    }
}

#[test]
fn what_is_none_is_refused_with_the_reason_and_an_example() {
    for (text, says) in [
        ("", "two with a - between"),
        ("always", "“always” is none of the weekdays mon, tue"),
        ("mon-fri", "two with a - between"),
        ("08:00", "two with a - between"),
        ("monday 08:00-23:00", "“monday” is none of the weekdays"),
        ("mon tue 08:00-23:00", "“mon tue” is none of"),
        ("mon,,tue 08:00-23:00", "“” is none of"),
        ("mon-tue-wed 08:00-23:00", "“tue-wed” is none of"),
        ("8:00-23:00", "“8:00” is no time"),
        ("08:00-23:0", "“23:0” is no time"),
        ("08:00-+3:00", "“+3:00” is no time"),
        ("08-23", "“08” is no time"),
        ("08:00-23:00:00", "“23:00:00” is no time"),
        ("08:60-23:00", "“08:60” is no time"),
        ("08:00-24:01", "“24:01” is no time"),
        ("08:00-25:00", "“25:00” is no time"),
        ("08:00-23:00 mon", "“23:00 mon” is no time"),
        ("24:00-08:00", "24:00 can only be its end"),
        ("24:00-24:00", "24:00 can only be its end"),
        ("08:00-08:00", "it ends when it starts"),
        ("00:00-00:00", "always open takes no window at all"),
    ] {
        let told = text.parse::<Window>().expect_err(text).to_string();
        assert!(told.starts_with(&format!("“{text}” is no window: ")), "{told}");
        assert!(told.contains(says), "{text}: {told}");
        assert!(told.contains("mon-fri 08:00-23:00"), "{text}: {told}");
    }
    let long = "x".repeat(10_000).parse::<Window>().expect_err("no window").to_string();
    assert!(long.chars().count() < 400, "{long}");
}

#[test]
fn a_list_tells_which_of_its_windows_is_wrong() {
    let wrong = Windows::read(&["08:00-09:00", "soon", "10:00-11:00", "09:00-09:00"]).expect_err("two are");
    let fields: Vec<&str> = wrong.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["windows[1]", "windows[3]"]);
    assert!(Windows::read(&["08:00-09:00"; WINDOWS_MAX]).is_ok());
    let wrong = Windows::read(&["soon"; WINDOWS_MAX + 1]).expect_err("too many");
    assert_eq!(
        wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["windows: holds 65 windows; 64 at most"]
    );
}

#[test]
fn a_list_is_kept_as_json() {
    for (text, kept) in
        [("[]", "[]"), (r#"["22:00-00:00", "SAT 01:00-02:00"]"#, r#"["22:00-24:00","sat 01:00-02:00"]"#)]
    {
        let read: Windows = serde_json::from_str(text).expect(text);
        assert_eq!(serde_json::to_string(&read).expect("it is written"), kept);
        assert_eq!(serde_json::from_str::<Windows>(kept).expect(kept), read);
    }
    let error = serde_json::from_str::<Windows>(r#"["08:00-09:00", "soon"]"#).expect_err("no window");
    assert!(error.to_string().contains("windows[1]: “soon” is no window"), "{error}");
}

#[test]
fn no_window_at_all_is_always_open() {
    for now in [Timestamp::MIN, at("2026-03-29 01:00:00"), Timestamp::MAX] {
        assert!(Windows::default().is_open(now, Europe::Berlin));
        assert_eq!(Windows::default().opens_at(now, Europe::Berlin), Some(now));
    }
}

/// At `opens` it is open, and at no instant from `from` until then.
#[track_caller]
fn check_opens(text: &str, zone: Tz, from: &str, opens: &str) {
    let (windows, opens) = (windows(&[text]), at(opens));
    assert_eq!(windows.opens_at(at(from), zone), Some(opens), "{text} in {zone} from {from}");
    assert!(windows.is_open(opens, zone), "{text} in {zone} at {opens}");
    assert_eq!(windows.opens_at(opens, zone), Some(opens), "it is open then");
    if at(from) < opens {
        let before = opens - MICROSECOND;
        assert!(!windows.is_open(before, zone), "{text} in {zone} at {before}");
        assert_eq!(windows.opens_at(before, zone), Some(opens), "{text} in {zone} from {before}");
    }
}

/// It shuts at `shuts`, to the microsecond.
#[track_caller]
fn check_shuts(text: &str, zone: Tz, shuts: &str) {
    let (windows, shuts) = (windows(&[text]), at(shuts));
    let last = shuts - MICROSECOND;
    assert_eq!(windows.opens_at(last, zone), Some(last), "{text} in {zone} at {last}");
    assert!(!windows.is_open(shuts, zone), "{text} in {zone} at {shuts}");
    assert!(windows.opens_at(shuts, zone).is_some_and(|next| next > shuts));
}

#[test]
fn it_opens_at_its_start_and_shuts_at_its_end_on_its_weekdays() {
    // 2026-02-06 is a Friday.
    for (text, zone, from, opens) in [
        ("08:00-23:00", UTC, "2026-02-06 07:59:59.999999", "2026-02-06 08:00:00"),
        ("08:00-23:00", UTC, "2026-02-06 23:00:00", "2026-02-07 08:00:00"),
        ("08:00-23:00", UTC, "2026-02-06 10:00:00.000001", "2026-02-06 10:00:00.000001"),
        ("08:00-23:00", Asia::Shanghai, "2026-02-06 15:00:00", "2026-02-07 00:00:00"),
        ("08:00-23:00", Asia::Kathmandu, "2026-02-06 18:00:00", "2026-02-07 02:15:00"),
        ("mon-fri 08:00-23:00", UTC, "2026-02-06 23:00:00", "2026-02-09 08:00:00"),
        // Friday evening in Shanghai is over while it is still Friday in UTC.
        ("fri 20:00-23:00", Asia::Shanghai, "2026-02-06 15:00:00", "2026-02-13 12:00:00"),
        ("sat,sun 22:00-02:00", UTC, "2026-02-06 22:00:00", "2026-02-07 22:00:00"),
        ("sat,sun 22:00-02:00", UTC, "2026-02-08 02:00:00", "2026-02-08 22:00:00"),
        ("sat,sun 22:00-02:00", UTC, "2026-02-09 01:59:59.999999", "2026-02-09 01:59:59.999999"),
        ("sat,sun 22:00-02:00", UTC, "2026-02-09 02:00:00", "2026-02-14 22:00:00"),
        ("mon 09:00-24:00", UTC, "2026-02-10 00:00:00", "2026-02-16 09:00:00"),
        ("tue 00:00-24:00", UTC, "2026-02-11 00:00:00", "2026-02-17 00:00:00"),
        ("fri-mon 09:00-10:00", UTC, "2026-02-09 10:00:00", "2026-02-13 09:00:00"),
        ("mon 23:59-23:58", UTC, "2026-02-10 23:58:00", "2026-02-16 23:59:00"),
    ] {
        check_opens(text, zone, from, opens);
    }
    for (text, shuts) in [
        ("08:00-23:00", "2026-02-06 23:00:00"),
        ("mon 09:00-24:00", "2026-02-10 00:00:00"),
        ("sun 22:00-02:00", "2026-02-09 02:00:00"),
        ("mon 23:59-23:58", "2026-02-10 23:58:00"),
    ] {
        check_shuts(text, UTC, shuts);
    }
    let both = windows(&["08:00-10:00", "fri 09:00-12:00", "12:00-13:00"]);
    assert!(both.is_open(at("2026-02-06 11:59:59.999999"), UTC), "of windows that overlap, any will do");
    assert!(both.is_open(at("2026-02-06 12:00:00"), UTC));
    assert_eq!(both.opens_at(at("2026-02-07 10:00:00"), UTC), Some(at("2026-02-07 12:00:00")));
}

#[test]
fn where_clocks_go_forward_a_start_in_the_gap_is_its_end() {
    for (text, zone, from, opens) in [
        // 2026-03-29: 02:00 is 03:00, at 01:00 UTC.
        ("02:30-05:00", Europe::Berlin, "2026-03-29 00:30:00", "2026-03-29 01:00:00"),
        ("02:00-02:45", Europe::Berlin, "2026-03-29 00:30:00", "2026-03-30 00:00:00"),
        ("sat 22:00-02:30", Europe::Berlin, "2026-03-29 01:00:00", "2026-04-04 20:00:00"),
        ("sun 03:00-04:00", Europe::Berlin, "2026-03-29 00:00:00", "2026-03-29 01:00:00"),
        ("08:00-23:00", Europe::Berlin, "2026-03-28 22:00:00", "2026-03-29 06:00:00"),
        // 2026-03-08: 02:00 is 03:00, at 07:00 UTC.
        ("02:30-04:00", America::New_York, "2026-03-08 06:00:00", "2026-03-08 07:00:00"),
        ("sun 02:00-03:00", America::New_York, "2026-03-08 00:00:00", "2026-03-15 06:00:00"),
        // 2026-10-04: 02:00 is 02:30, at 15:30 UTC the day before.
        ("02:15-02:45", Australia::Lord_Howe, "2026-10-03 15:00:00", "2026-10-03 15:30:00"),
        ("02:00-02:30", Australia::Lord_Howe, "2026-10-03 15:00:00", "2026-10-04 15:00:00"),
        // 2018-11-04: midnight is 01:00, at 03:00 UTC.
        ("sun 00:00-02:00", America::Sao_Paulo, "2018-11-04 02:00:00", "2018-11-04 03:00:00"),
        ("sat 23:30-00:30", America::Sao_Paulo, "2018-11-04 03:00:00", "2018-11-11 01:30:00"),
        // After Thursday 2011-12-29 came Saturday 2011-12-31, at 10:00 UTC.
        ("fri 09:00-17:00", Pacific::Apia, "2011-12-29 12:00:00", "2012-01-05 19:00:00"),
        ("sat 00:00-02:00", Pacific::Apia, "2011-12-29 12:00:00", "2011-12-30 10:00:00"),
        // The wall clock alone decides: what goes on from a Friday that never was is open on Saturday morning.
        ("fri 22:00-02:00", Pacific::Apia, "2011-12-29 12:00:00", "2011-12-30 10:00:00"),
        ("thu 22:00-02:00", Pacific::Apia, "2011-12-30 10:00:00", "2012-01-05 08:00:00"),
    ] {
        check_opens(text, zone, from, opens);
    }
    check_shuts("sat 22:00-02:30", Europe::Berlin, "2026-03-29 01:00:00");
    check_shuts("thu 22:00-02:00", Pacific::Apia, "2011-12-30 10:00:00");
}

#[test]
fn where_clocks_go_back_it_is_open_both_times() {
    for (text, zone, from, opens) in [
        // 2026-10-25: 03:00 is 02:00, at 01:00 UTC.
        ("02:30-03:00", Europe::Berlin, "2026-10-24 23:00:00", "2026-10-25 00:30:00"),
        ("02:30-03:00", Europe::Berlin, "2026-10-25 01:00:00", "2026-10-25 01:30:00"),
        ("01:00-02:30", Europe::Berlin, "2026-10-25 00:30:00", "2026-10-25 01:00:00"),
        ("01:00-02:30", Europe::Berlin, "2026-10-25 01:30:00", "2026-10-26 00:00:00"),
        ("sat 22:00-02:30", Europe::Berlin, "2026-10-25 00:30:00", "2026-10-25 01:00:00"),
        ("08:00-23:00", Europe::Berlin, "2026-10-24 21:00:00", "2026-10-25 07:00:00"),
        // 2026-11-01: 02:00 is 01:00, at 06:00 UTC.
        ("01:30-02:00", America::New_York, "2026-11-01 04:00:00", "2026-11-01 05:30:00"),
        ("01:30-02:00", America::New_York, "2026-11-01 06:00:00", "2026-11-01 06:30:00"),
        // 2026-04-05: 02:00 is 01:30, at 15:00 UTC the day before.
        ("01:30-01:45", Australia::Lord_Howe, "2026-04-04 14:50:00", "2026-04-04 15:00:00"),
        // 2018-02-18: midnight is 23:00 of Saturday, at 02:00 UTC.
        ("sat 23:15-23:30", America::Sao_Paulo, "2018-02-18 01:30:00", "2018-02-18 02:15:00"),
        ("sat 22:00-23:30", America::Sao_Paulo, "2018-02-18 01:30:00", "2018-02-18 02:00:00"),
    ] {
        check_opens(text, zone, from, opens);
    }
    check_shuts("01:00-02:30", Europe::Berlin, "2026-10-25 00:30:00");
    check_shuts("01:00-02:30", Europe::Berlin, "2026-10-25 01:30:00");
    check_shuts("02:30-03:00", Europe::Berlin, "2026-10-25 01:00:00");
    check_shuts("02:30-03:00", Europe::Berlin, "2026-10-25 02:00:00");
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A window as a reader would keep it in mind: weekdays from Monday on, minutes of the day.
struct Plain {
    days: Vec<usize>,
    start: u64,
    end: u64,
}

impl Plain {
    fn rolled(dice: &mut Dice) -> Plain {
        let mut days: Vec<usize> = (0..7).filter(|_| dice.below(3) == 0).collect();
        days.push(dice.below(7) as usize);
        // Half of them about the hours at which clocks change.
        let mut minute = || if dice.below(2) == 0 { dice.below(24 * 60) } else { 15 * dice.below(16) };
        let start = minute();
        let end = Some(minute()).filter(|end| *end != start).unwrap_or(start + 1);
        Plain { days, start, end }
    }

    fn text(&self) -> String {
        let days: Vec<&str> = self.days.iter().map(|&day| WEEKDAYS[day]).collect();
        let clock = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{} {}-{}", days.join(","), clock(self.start), clock(self.end))
    }

    fn holds(&self, day: usize, minute: u64) -> bool {
        let on = |day: usize| self.days.contains(&(day % 7));
        match self.start < self.end {
            true => on(day) && (self.start..self.end).contains(&minute),
            false => (on(day) && minute >= self.start) || (on(day + 6) && minute < self.end),
        }
    }
}

#[test]
fn it_is_what_looking_at_the_wall_clock_each_minute_tells() {
    const DAY: usize = 24 * 60;
    let mut dice = Dice(6);
    let mut stretches = vec![
        (Europe::Berlin, "2026-03-26"),
        (Europe::Berlin, "2026-10-22"),
        (America::New_York, "2026-03-05"),
        (America::New_York, "2026-10-29"),
        (Australia::Lord_Howe, "2026-04-02"),
        (Australia::Lord_Howe, "2026-10-01"),
        (America::Sao_Paulo, "2018-11-01"),
        (America::Sao_Paulo, "2018-02-15"),
        (America::Noronha, "2000-10-05"),
        (Africa::Casablanca, "2026-02-12"),
        (Pacific::Apia, "2011-12-27"),
        (Asia::Shanghai, "2026-02-06"),
    ]
    .into_iter()
    .map(|(zone, day)| (zone, at(&format!("{day} 00:00:00"))))
    .collect::<Vec<_>>();
    for zone in [UTC, Europe::Berlin, Asia::Kathmandu, America::St_Johns] {
        let days = Duration::from_secs(24 * 3600 * dice.below(60 * 365));
        stretches.push((zone, Timestamp::MIN + days));
    }
    for (zone, began) in stretches {
        let instant = |minute: usize| began + Duration::from_secs(60 * minute as u64);
        // Four weeks are looked through: each window comes again within two, whatever gap it fell into.
        let wall: Vec<(usize, u64)> = (0..28 * DAY)
            .map(|minute| instant(minute).to_utc().with_timezone(&zone))
            .map(|wall| {
                (wall.weekday().num_days_from_monday() as usize, u64::from(wall.hour() * 60 + wall.minute()))
            })
            .collect();
        for _ in 0..3 {
            let plain: Vec<Plain> = (0..1 + dice.below(3)).map(|_| Plain::rolled(&mut dice)).collect();
            let texts: Vec<String> = plain.iter().map(Plain::text).collect();
            let windows = Windows::read(&texts).expect("windows");
            let open = |minute: usize| plain.iter().any(|it| it.holds(wall[minute].0, wall[minute].1));
            let mut next_open = None;
            for minute in (0..28 * DAY).rev() {
                if open(minute) {
                    next_open = Some(minute);
                }
                if minute >= 7 * DAY {
                    continue;
                }
                let within = instant(minute) + Duration::from_micros(dice.below(60_000_000));
                let told = || format!("{texts:?} in {zone} at {within}");
                assert_eq!(windows.is_open(within, zone), open(minute), "{}", told());
                if minute % 7 == 0 || next_open.is_some_and(|next| next < minute + 2) {
                    let next = next_open.expect("each comes again within four weeks");
                    let opens = if next == minute { within } else { instant(next) };
                    assert_eq!(windows.opens_at(within, zone), Some(opens), "{}", told());
                }
            }
        }
    }
}
