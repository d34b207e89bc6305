//! What came of it: the database's word against the receiver's ledger. Knows nothing of how the two came about.

use crate::receiver::Arrival;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// What the platform of a case does with what it may have got already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Keyed,
    Blind,
    /// It can be asked whether it is there.
    Detects,
    /// Three steps, of which only the first may be repeated; blind.
    Steps,
}

/// Where an attempt that publishes arrives.
pub const POST: &str = "/post";
/// Where the steps of a publish in three steps do.
pub const UPLOAD: &str = "/upload";
pub const DRAFT: &str = "/draft";
pub const SUBMIT: &str = "/submit";

impl Class {
    /// Whether a step may be asked for again under the same key.
    fn may_repeat(self, step: &str) -> bool {
        match self {
            Class::Keyed => true,
            Class::Blind | Class::Detects => false,
            Class::Steps => step == UPLOAD,
        }
    }

    /// The step without which nothing is published.
    fn last_step(self) -> &'static str {
        match self {
            Class::Keyed | Class::Blind | Class::Detects => POST,
            Class::Steps => SUBMIT,
        }
    }

    /// Whether it is right that only a person can tell what became of an entry.
    fn may_be_uncertain(self, why: Option<&str>) -> bool {
        matches!(self, Class::Blind | Class::Steps) || why == Some("recovered_too_often")
    }
}

/// An entry, as the database has it in the end.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: i64,
    pub content: i64,
    pub key: String,
    pub status: String,
    /// What its last attempt's row in the log says.
    pub error_code: Option<String>,
}

/// Attempts of a node that stood still, which others took back: from then on nothing of them may arrive.
pub type TakenBack = HashMap<(String, i64), Instant>;

#[derive(Debug, Default)]
pub struct Verdict {
    pub published: usize,
    pub lost: usize,
    pub doubled: usize,
    pub stuck: usize,
    pub resent: usize,
    pub uncertain: usize,
    /// What is wrong, in words.
    pub faults: Vec<String>,
}

/// Judges a case. `added` is how many entries were accepted.
pub fn judge(
    class: Class,
    added: usize,
    entries: &[Entry],
    arrivals: &[Arrival],
    taken_back: &TakenBack,
) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.look_at_the_wire(class, entries, arrivals, taken_back);
    let arrived: HashSet<&str> =
        arrivals.iter().filter(|one| one.step == class.last_step()).map(|one| one.key.as_str()).collect();
    for entry in entries {
        verdict.look_at(class, entry, arrived.contains(entry.key.as_str()));
    }
    if entries.len() < added {
        let missing = added - entries.len();
        verdict.lost += missing;
        verdict.faults.push(format!("lost: {missing} of {added} accepted entries are not in the database"));
    }
    verdict
}

impl Verdict {
    fn look_at(&mut self, class: Class, entry: &Entry, arrived: bool) {
        let Entry { id, status, error_code, .. } = entry;
        match status.as_str() {
            "published" if arrived => self.published += 1,
            "published" => self.lost(format!("entry {id} is published, but never arrived")),
            "uncertain" if class.may_be_uncertain(error_code.as_deref()) => self.uncertain += 1,
            "pending" | "publishing" => {
                self.stuck += 1;
                self.faults
                    .push(format!("stuck: entry {id} is {status} ({error_code:?}), arrived: {arrived}"));
            }
            _ => self.lost(format!("entry {id} is {status} ({error_code:?}), arrived: {arrived}")),
        }
    }

    fn look_at_the_wire(
        &mut self,
        class: Class,
        entries: &[Entry],
        arrivals: &[Arrival],
        taken_back: &TakenBack,
    ) {
        let known: HashMap<&str, i64> =
            entries.iter().map(|entry| (entry.key.as_str(), entry.content)).collect();
        let (mut keys, mut steps, mut attempts) = (HashMap::new(), HashSet::new(), HashSet::new());
        for one in arrivals {
            let Arrival { step, key, content, attempt, at } = one;
            if known.get(key.as_str()) != Some(content) {
                self.doubled(format!("content {content} came under the key {key}, which is no entry's"));
            }
            if *keys.entry(*content).or_insert(key) != key {
                self.doubled(format!("content {content} came under two keys"));
            }
            if !steps.insert((key, step)) {
                self.resent += 1;
                if !class.may_repeat(step) {
                    self.doubled(format!(
                        "content {content} came twice at {step}, then by attempt {attempt}"
                    ));
                }
            }
            if !attempts.insert((key, step, attempt)) {
                self.doubled(format!("attempt {attempt} of content {content} was sent twice"));
            }
            if taken_back.get(&(key.clone(), *attempt)).is_some_and(|taken| at > taken) {
                self.doubled(format!(
                    "attempt {attempt} of content {content} was sent after it was taken back"
                ));
            }
        }
    }

    fn lost(&mut self, what: String) {
        self.lost += 1;
        self.faults.push(format!("lost: {what}"));
    }

    fn doubled(&mut self, what: String) {
        self.doubled += 1;
        self.faults.push(format!("doubled: {what}"));
    }
}

/// Shows the judge a case of each wrong, so that a run in which it finds nothing means something.
pub fn check_the_judge() {
    let now = Instant::now();
    let entry = |status: &str| Entry {
        id: 1,
        content: 7,
        key: "a".to_owned(),
        status: status.to_owned(),
        error_code: None,
    };
    let came_at = |step: &str, key: &str, attempt| Arrival {
        step: step.to_owned(),
        key: key.to_owned(),
        content: 7,
        attempt,
        at: now,
    };
    let came = |key, attempt| came_at(POST, key, attempt);
    let counts = |class, added, status: &str, arrivals: &[Arrival], taken_back: &TakenBack| {
        let verdict = judge(class, added, &[entry(status)], arrivals, taken_back);
        (verdict.lost, verdict.doubled, verdict.stuck)
    };
    let none = TakenBack::new();
    let taken = TakenBack::from([(
        ("a".to_owned(), 1),
        now.checked_sub(std::time::Duration::from_secs(1)).unwrap_or(now),
    )]);
    let (once, again, twice) = ([came("a", 1)], [came("a", 1), came("a", 2)], [came("a", 1), came("a", 1)]);
    let (other, both) = ([came("b", 1)], [came("a", 1), came("b", 1)]);
    let steps = |of: &[(&str, i64)]| -> Vec<Arrival> {
        of.iter().map(|(step, attempt)| came_at(step, "a", *attempt)).collect()
    };
    let resumed = steps(&[(UPLOAD, 1), (UPLOAD, 2), (DRAFT, 2), (SUBMIT, 3)]);
    let two_drafts = steps(&[(UPLOAD, 1), (DRAFT, 1), (DRAFT, 2), (SUBMIT, 2)]);
    let no_submission = steps(&[(UPLOAD, 1), (DRAFT, 1)]);
    type Row<'a> = (Class, usize, &'a str, &'a [Arrival], &'a TakenBack, (usize, usize, usize));
    let rows: [Row<'_>; 19] = [
        (Class::Steps, 1, "published", &resumed, &none, (0, 0, 0)),
        (Class::Steps, 1, "published", &two_drafts, &none, (0, 1, 0)),
        (Class::Steps, 1, "published", &no_submission, &none, (1, 0, 0)),
        (Class::Detects, 1, "published", &again, &none, (0, 1, 0)),
        (Class::Detects, 1, "uncertain", &once, &none, (1, 0, 0)),
        (Class::Keyed, 1, "published", &once, &none, (0, 0, 0)),
        (Class::Keyed, 1, "published", &again, &none, (0, 0, 0)),
        (Class::Blind, 1, "uncertain", &once, &none, (0, 0, 0)),
        (Class::Blind, 1, "uncertain", &[], &none, (0, 0, 0)),
        (Class::Keyed, 1, "uncertain", &once, &none, (1, 0, 0)),
        (Class::Keyed, 2, "published", &once, &none, (1, 0, 0)),
        (Class::Keyed, 1, "published", &[], &none, (1, 0, 0)),
        (Class::Blind, 1, "failed", &once, &none, (1, 0, 0)),
        (Class::Keyed, 1, "publishing", &once, &none, (0, 0, 1)),
        (Class::Blind, 1, "published", &again, &none, (0, 1, 0)),
        (Class::Keyed, 1, "published", &twice, &none, (0, 1, 0)),
        (Class::Keyed, 1, "published", &other, &none, (1, 1, 0)),
        (Class::Keyed, 1, "published", &both, &none, (0, 2, 0)),
        (Class::Keyed, 1, "published", &once, &taken, (0, 1, 0)),
    ];
    for (class, added, status, arrivals, taken_back, expected) in rows {
        let found = counts(class, added, status, arrivals, taken_back);
        assert_eq!(found, expected, "{class:?} {added} {status} {arrivals:?} {taken_back:?}");
    }
}
