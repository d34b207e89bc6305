//! Why an entry stands where it stands: the questions of whoever looks for a post, answered one by one, and what a person
//! can do now.

mod actions;
mod answers;
mod lane;

use super::LogView;
use crate::db::explain::{COUNTED_MAX, Facts};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::text_enum;
use crate::words::{Language, Sentence};
use schemars::JsonSchema;
use serde::Serialize;

text_enum! {
    /// What is asked about an entry.
    Topic {
        /// Is it in the pool?
        Pool = "pool",
        /// Is it pending?
        Status = "status",
        /// Is it due?
        Due = "due",
        /// How many stand before it?
        Before = "before",
        /// Is its lane open?
        Lane = "lane",
        /// Is its content approved?
        Content = "content",
        /// Who publishes it?
        Publisher = "publisher",
        /// What did the attempts say, and how many are left?
        Retries = "retries",
        /// When is it tried next?
        Next = "next",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub struct ExplanationView {
    pub at: Timestamp,
    /// It is in the pool; what is not has no explanation.
    pub in_pool: bool,
    pub pending: bool,
    pub due: bool,
    /// It does not go on by itself.
    pub needs_a_person: bool,
    /// None where nobody knows, or nothing is tried any more.
    pub next_try_at: Option<Timestamp>,
    /// More urgent entries of its lane that are due, or will be when it is.
    pub before_it: i64,
    /// There are more than were counted.
    pub before_it_capped: bool,
    pub lane: LaneAnswer,
    pub content: ContentAnswer,
    pub retries: RetriesAnswer,
    pub publishers: PublishersAnswer,
    /// The one sentence for whoever has no time.
    pub summary: String,
    pub answers: Vec<Answer>,
    pub actions: Vec<Action>,
    /// Newest first; `/publisher/history?pool_id=` has them all.
    pub attempts: Vec<LogView>,
    pub attempts_total: i64,
}

/// An answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationAnswer")]
pub struct Answer {
    pub about: Topic,
    /// Stable: scripts may compare it.
    pub code: &'static str,
    /// This keeps nothing from going out.
    pub ok: bool,
    pub needs_a_person: bool,
    /// When it will be otherwise by itself, where that is known.
    pub until: Option<Timestamp>,
    pub message: String,
    #[serde(skip)]
    pub sentence: Sentence,
}

/// What a person can do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationAction")]
pub struct Action {
    pub message: String,
    pub command: String,
    /// The same over HTTP, where there is such a route.
    pub request: Option<String>,
    #[serde(skip)]
    pub sentence: Sentence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationLane")]
pub struct LaneAnswer {
    pub account_id: AccountId,
    pub name: String,
    pub platform: String,
    pub open: bool,
    /// What keeps it shut, as a code.
    pub gate: Option<&'static str>,
    pub until: Option<Timestamp>,
    pub in_flight: i32,
    /// How many it may have in flight.
    pub places: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationContent")]
pub struct ContentAnswer {
    pub id: ContentId,
    pub title: String,
    pub revision: i32,
    pub review_status: ReviewStatus,
    pub approved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationRetries")]
pub struct RetriesAnswer {
    pub used: i32,
    pub max: i32,
    pub left: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ExplanationPublishers")]
pub struct PublishersAnswer {
    /// A server runs, which fires tasks.
    pub server: bool,
    /// The first enabled task that publishes its account.
    pub task_id: Option<TaskId>,
    /// When that task runs next, where it goes by the clock.
    pub task_next_run: Option<Timestamp>,
}

impl Answer {
    /// Nothing that keeps it from going out.
    fn fine(about: Topic, code: &'static str, sentence: Sentence) -> Self {
        let message = sentence.say(Language::En);
        Answer { about, code, ok: true, needs_a_person: false, until: None, message, sentence }
    }

    /// Something that keeps it from going out; until then, where that is known.
    fn holds(about: Topic, code: &'static str, until: Option<Timestamp>, sentence: Sentence) -> Self {
        Answer { ok: false, until, ..Answer::fine(about, code, sentence) }
    }

    /// Something that keeps it from going out until a person acts.
    fn wants_a_person(about: Topic, code: &'static str, sentence: Sentence) -> Self {
        Answer { ok: false, needs_a_person: true, ..Answer::fine(about, code, sentence) }
    }
}

impl ExplanationView {
    /// `clock`: what keeps this node from going by its clock, where a node answers.
    pub fn new(facts: &Facts, clock: Option<String>) -> Self {
        let lane = lane::look(facts);
        let (answers, next_try_at) = answers::all(facts, lane.answer.clone(), clock);
        let row = &facts.row;
        let first_hold = answers.iter().find(|it| !it.ok && it.needs_a_person);
        let first_hold = first_hold.or_else(|| answers.iter().find(|it| !it.ok));
        let told = first_hold.or_else(|| answers.iter().find(|it| it.about == Topic::Status));
        let used = row.retry_count.min(row.max_retries);
        let task = facts.tasks.first();
        ExplanationView {
            at: facts.at,
            in_pool: true,
            pending: row.status == EntryStatus::Pending,
            due: row.status == EntryStatus::Pending && row.due_at <= facts.at,
            needs_a_person: answers.iter().any(|it| it.needs_a_person),
            next_try_at,
            before_it: facts.before,
            before_it_capped: facts.before >= COUNTED_MAX,
            lane: LaneAnswer {
                account_id: row.account_id,
                name: facts.account.name.clone(),
                platform: facts.account.platform.clone(),
                open: lane.answer.ok,
                gate: (!lane.answer.ok).then_some(lane.answer.code),
                until: lane.answer.until,
                in_flight: facts.busy,
                places: lane.places,
            },
            content: ContentAnswer {
                id: row.content_id,
                title: facts.title.clone(),
                revision: facts.revision,
                review_status: facts.review_status,
                approved: facts.review_status == ReviewStatus::Approved && facts.unapproved_extra.is_none(),
            },
            retries: RetriesAnswer { used, max: row.max_retries, left: row.max_retries - used },
            publishers: PublishersAnswer {
                server: facts.has_server(),
                task_id: task.map(|task| task.id),
                task_next_run: task.and_then(|task| task.next_run),
            },
            summary: told.map(|it| it.message.clone()).unwrap_or_default(),
            actions: actions::all(facts, &answers),
            answers,
            attempts: facts.attempts.iter().cloned().map(LogView::from).collect(),
            attempts_total: facts.attempts_total,
        }
    }
}
