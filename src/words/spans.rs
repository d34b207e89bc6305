//! How long, and how long from now, in words.

use super::{Language, Sentence, message};
use crate::domain::clock::Timestamp;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

/// Less than this from now is now.
const NOW: Duration = Duration::from_millis(500);

/// A span in the unit that people would choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rounded {
    Seconds(u64),
    Minutes(u64),
    Hours(u64),
    Days(u64),
}

fn rounded(span: Duration) -> Rounded {
    match (span + NOW).as_secs() {
        seconds @ 0..100 => Rounded::Seconds(seconds),
        seconds @ 100..5_700 => Rounded::Minutes((seconds + 30) / 60),
        seconds @ 5_700..129_600 => Rounded::Hours((seconds + 1_800) / 3_600),
        seconds => Rounded::Days((seconds + 43_200) / 86_400),
    }
}

/// A span in one unit: 5 s, 4 min, 3 h, 2 d.
pub fn span(language: Language, span: Duration) -> String {
    told(language, rounded(span))
}

fn told(language: Language, span: Rounded) -> String {
    let (id, count) = match span {
        Rounded::Seconds(count) => (message("span-seconds"), count),
        Rounded::Minutes(count) => (message("span-minutes"), count),
        Rounded::Hours(count) => (message("span-hours"), count),
        Rounded::Days(count) => (message("span-days"), count),
    };
    Sentence::new(id).with("count", i64::try_from(count).unwrap_or(i64::MAX)).say(language)
}

/// How long an instant is from now: in 4 min, 3 h ago.
pub fn relative(language: Language, at: Timestamp, now: Timestamp) -> String {
    /// A list of thousands has few that differ; what was told is kept, up to so many.
    const KEPT_MAX: usize = 1000;
    thread_local! {
        static KEPT: RefCell<HashMap<(Language, bool, Rounded), String>> = RefCell::default();
    }
    let (ahead, behind) = (at.since(now), now.since(at));
    if ahead.max(behind) < NOW {
        return Sentence::new(message("relative-now")).say(language);
    }
    let key = (language, at > now, rounded(ahead.max(behind)));
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.entry(key).or_insert_with(|| from_now(key)).clone()
    })
}

fn from_now((language, is_ahead, far): (Language, bool, Rounded)) -> String {
    let id = if is_ahead { message("relative-in") } else { message("relative-ago") };
    Sentence::new(id).with("span", told(language, far)).say(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_and_near_are_told_in_one_unit() {
        let now = Timestamp::from_micros(1_000_000_000_000_000);
        let second = |count: u64| Duration::from_secs(count);
        for (at, english, chinese) in [
            (now, "now", "现在"),
            (now + second(5), "in 5 s", "5 秒后"),
            (now + second(240), "in 4 min", "4 分钟后"),
            (now - second(3 * 3600), "3 h ago", "3 小时前"),
            (now - second(3 * 86_400), "3 d ago", "3 天前"),
        ] {
            assert_eq!(relative(Language::En, at, now), english);
            assert_eq!(relative(Language::Zh, at, now), chinese);
        }
    }
}
