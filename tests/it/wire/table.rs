//! What becomes of an entry, in the words of docs/delivery.md, and the table there.

use contenthub::EntryStatus;
use contenthub::domain::question::Question;
use contenthub::domain::settlement::{LaneEffect, Settlement};
use std::fs;
use std::path::Path;

use super::rows::Row;

/// Rows that belong together.
pub struct Group {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// What a row must come to: one of the design's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    Published,
    /// Nothing of it is out, and the platform is to blame.
    AgainAtNoCost,
    /// The receiver asked for this many seconds.
    AgainAfter(u64),
    /// It may be out, and the platform is to blame.
    EndUnseen,
    EndUnseenAfter(u64),
    /// It may be out, and the entry is to blame.
    ServerFault,
    ServerFaultAfter(u64),
    Failed,
    AccountSuspended,
    WrongAddress,
}

impl Becomes {
    /// By class: keyed, detecting, blind.
    pub fn words(self) -> [String; 3] {
        let same = |words: String| [words.clone(), words.clone(), words];
        let pause = "15 to 30 s";
        let unknown_after = |words: String, asked: u64| {
            let (_, cost) = words.split_once(", ").expect("the cost");
            let look = format!("looked up after {}, {cost}", span(asked.max(60)));
            [words, look, UNCERTAIN.to_owned()]
        };
        let unknown = |words: String| unknown_after(words, 0);
        match self {
            Becomes::Published => same("published".to_owned()),
            Becomes::AgainAtNoCost => same(format!("again after {pause}, costs no try")),
            Becomes::AgainAfter(seconds) => same(format!("again after {}, costs no try", span(seconds))),
            Becomes::EndUnseen => unknown(format!("the same again after {pause}, costs no try")),
            Becomes::EndUnseenAfter(seconds) => {
                unknown_after(format!("the same again after {}, costs no try", span(seconds)), seconds)
            }
            Becomes::ServerFault => unknown(format!("the same again after {pause}, costs a try")),
            Becomes::ServerFaultAfter(seconds) => {
                unknown_after(format!("the same again after {}, costs a try", span(seconds)), seconds)
            }
            Becomes::Failed => same("failed".to_owned()),
            Becomes::AccountSuspended => same("waits: the account is suspended".to_owned()),
            Becomes::WrongAddress => same(format!("again after {pause}, costs a try{SECOND}")),
        }
    }
}

const UNCERTAIN: &str = "`uncertain`";
const SAME: &str = "as keyed";
const SECOND: &str = "; a second post with this answer suspends the account";

/// An end in words, from the same end with the least and with the most jitter.
pub fn words(least: &Settlement, most: &Settlement) -> String {
    if let Some(Question::LookUp { at, .. }) = least.question {
        let after = u64::try_from(at.micros() / 1_000_000 - super::NOW).expect("not before");
        let cost = if least.retry_count > 0 { "a" } else { "no" };
        return format!("looked up after {}, costs {cost} try", span(after));
    }
    match (least.status, &least.lane) {
        (EntryStatus::Published, _) => "published".to_owned(),
        (EntryStatus::Uncertain, _) => UNCERTAIN.to_owned(),
        (EntryStatus::Failed, _) => "failed".to_owned(),
        (EntryStatus::Pending, LaneEffect::Suspend { .. }) => "waits: the account is suspended".to_owned(),
        (EntryStatus::Pending, lane) => {
            let seconds = |end: &Settlement| match end.due_at {
                Some(at) => u64::try_from(at.micros() / 1_000_000 - super::NOW).expect("not before"),
                None => 0,
            };
            let (soonest, latest) = (seconds(least), seconds(most));
            let when =
                if soonest == latest { span(latest) } else { format!("{soonest} to {}", span(latest)) };
            let again = if least.unproven { "the same again" } else { "again" };
            let cost = if least.retry_count > 0 { "a" } else { "no" };
            let second = if *lane == LaneEffect::WrongAddress { SECOND } else { "" };
            format!("{again} after {when}, costs {cost} try{second}")
        }
        (EntryStatus::Publishing | EntryStatus::Cancelled, _) => format!("{:?}", least.status),
    }
}

fn span(seconds: u64) -> String {
    if seconds > 0 && seconds.is_multiple_of(3600) {
        format!("{} h", seconds / 3600)
    } else {
        format!("{seconds} s")
    }
}

/// A group's table: what happened, the code in the log, and the end by class.
pub fn print(title: &str, rows: &[(&str, &str, &[String])]) -> String {
    let mut text = format!("\n### {title}\n\n| What happened | In the log | Keyed | Detecting | Blind |\n");
    text.push_str("|---|---|---|---|---|\n");
    for (what, code, ends) in rows {
        let code = if code.is_empty() { String::new() } else { format!("`{code}`") };
        let is_same = ends.iter().all(|end| *end == ends[0]);
        // A long cell is not said three times.
        let ends = if is_same && ends[0].len() > 20 {
            vec![&*ends[0], SAME, SAME]
        } else {
            ends.iter().map(|end| &**end).collect()
        };
        text.push_str(&format!("| {what} | {code} | {} |\n", ends.join(" | ")));
    }
    text
}

const BEGIN: &str = "<!-- Printed by the test of tests/it/wire.rs: do not edit. -->\n";
const END: &str = "\n<!-- The end of what is printed. -->\n";
/// Where this is set, the guide is written anew.
const WRITE: &str = "WRITE_DELIVERY_TABLE";

/// Holds the guide to what was observed, or writes that into it.
#[track_caller]
pub fn is_in_the_guide(observed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/delivery.md");
    let text = fs::read_to_string(&path).expect("docs/delivery.md");
    let (before, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (told, after) = rest.split_once(END).expect("the mark after the table");
    if told == observed {
        return;
    }
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, format!("{before}{BEGIN}{observed}{END}{after}")).expect("written");
        return;
    }
    let differs = told.lines().zip(observed.lines()).find(|(told, observed)| told != observed);
    let (told, observed) = differs.unwrap_or(("(fewer lines)", "(or more)"));
    panic!(
        "docs/delivery.md does not say what was observed:\n  {told}\nis now\n  {observed}\n\
         If that is right, write it there: {WRITE}=1 cargo test --test it wire::"
    );
}
