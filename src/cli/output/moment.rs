//! Instants as people read them: in their zone, to the second, with how long that is from now.

use crate::actors::system_clock::SystemClock;
use crate::domain::clock::{Clock, Timestamp};
use crate::words::{Language, relative};
use chrono::DateTime;
use chrono_tz::Tz;
use std::time::Duration;

/// How instants are told.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    zone: Tz,
    now: Timestamp,
    language: Language,
}

/// What is nearer than this is told to the second, without its day.
const NEAR: Duration = Duration::from_secs(3600);
/// As JSON has them: `2026-11-28T15:30:05.123456Z`.
const WRITTEN_LENGTH: usize = 27;

impl Moment {
    pub fn new(zone: Tz, language: Language) -> Self {
        Moment { zone, now: SystemClock::new().now(), language }
    }

    /// `2026-11-28 15:30:05 (in 4 min)`.
    pub fn tell(&self, at: Timestamp) -> String {
        let local = at.to_utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S");
        format!("{local} ({})", relative(self.language, at, self.now))
    }

    /// What a cell shows of a text that is an instant and nothing else: to the second where it is near, else to the
    /// minute. Only before the hint it may be broken.
    pub fn cell(&self, text: &str) -> Option<String> {
        let at = written(text)?;
        let is_near = at.since(self.now).max(self.now.since(at)) < NEAR;
        let local = at.to_utc().with_timezone(&self.zone);
        let local = local.format(if is_near { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string();
        let hint = relative(self.language, at, self.now);
        Some(format!("{} ({})", local.replace(' ', "\u{a0}"), hint.replace(' ', "\u{a0}")))
    }

    /// A text with each instant in it told.
    pub fn within(&self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(end) = rest.find('Z') {
            let (before, after) = rest.split_at(end + 1);
            let start = before.len().checked_sub(WRITTEN_LENGTH).filter(|at| before.is_char_boundary(*at));
            match start.and_then(|start| Some((start, written(&before[start..])?))) {
                Some((start, at)) => told.push_str(&format!("{}{}", &before[..start], self.tell(at))),
                None => told.push_str(before),
            }
            rest = after;
        }
        told + rest
    }
}

fn written(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let may_be = bytes.len() == WRITTEN_LENGTH && bytes[WRITTEN_LENGTH - 1] == b'Z' && bytes[10] == b'T';
    let read = if may_be { DateTime::parse_from_rfc3339(text).ok() } else { None };
    read.map(|at| Timestamp::from_utc(at.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_the_zone_and_from_now() {
        let now = written("2026-11-28T07:30:05.000000Z").expect("an instant");
        let moment = Moment { zone: chrono_tz::Asia::Shanghai, now, language: Language::En };
        let text = "since 2026-11-28T07:26:05.123456Z; v1.5 in Zürich. Until 2026-11-28T09:30:05.000000Z";
        let told =
            "since 2026-11-28 15:26:05 (4 min ago); v1.5 in Zürich. Until 2026-11-28 17:30:05 (in 2 h)";
        assert_eq!(moment.within(text), told);
        let cell = |text| moment.cell(text).map(|told| told.replace('\u{a0}', " "));
        assert_eq!(cell("2026-11-28T07:26:05.000000Z").as_deref(), Some("15:26:05 (4 min ago)"));
        assert_eq!(cell("2026-11-28T09:30:05.000000Z").as_deref(), Some("2026-11-28 17:30 (in 2 h)"));
        assert_eq!(cell("2026-11-28"), None);
        let chinese = Moment { language: Language::Zh, ..moment };
        assert_eq!(chinese.tell(now), "2026-11-28 15:30:05 (现在)");
    }
}
