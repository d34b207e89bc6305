//! The answers, in the order in which people ask.

use super::{Answer, Topic};
use crate::db::explain::{COUNTED_MAX, Facts};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::EntryStatus;
use crate::domain::lateness::{GAVE_UP, TOO_LATE};
use crate::domain::question::Question;
use crate::domain::schedule::ScheduleType;
use crate::words::errors::kept;
use crate::words::{Sentence, message};

/// All answers, and when it is tried next.
pub fn all(facts: &Facts, lane: Answer, clock: Option<String>) -> (Vec<Answer>, Option<Timestamp>) {
    let row = &facts.row;
    let mut answers = vec![pool(facts), status(facts)];
    let waits = row.status == EntryStatus::Pending && row.question().is_none();
    if waits {
        answers.extend([due(facts), before(facts, &lane), lane, content(facts), publisher(facts, clock)]);
    } else if row.question().is_some() && !lane.ok {
        // A question needs no open gate, but an account that can be used.
        let keeps = ["account_disabled", "account_suspended", "wrong_secret_key"].contains(&lane.code);
        answers.extend(keeps.then_some(lane));
    }
    answers.push(retries(facts));
    let next = next(facts, &answers);
    let at = next.as_ref().and_then(|next| next.1);
    answers.extend(next.map(|next| next.0));
    (answers, at)
}

fn pool(facts: &Facts) -> Answer {
    let row = &facts.row;
    let said = Sentence::new(message("explain-pool"))
        .with("entry", row.id.to_string())
        .with("content", row.content_id.to_string())
        .with("title", facts.title.as_str())
        .with("account", facts.account.name.as_str())
        .with("priority", row.priority.get());
    Answer::fine(Topic::Pool, "in_pool", said)
}

fn status(facts: &Facts) -> Answer {
    let row = &facts.row;
    let about = Topic::Status;
    if let Some(question) = row.question() {
        let (code, said) = match question {
            Question::LookUp { .. } => ("looked_up", Sentence::new(message("explain-status-look-up"))),
            Question::Ask { since, .. } => {
                ("submitted", Sentence::new(message("explain-status-submitted")).with("since", since))
            }
        };
        let at = question.due();
        return Answer::holds(about, code, Some(at), said.with("at", at));
    }
    match row.status {
        EntryStatus::Pending if row.unproven => {
            Answer::fine(about, "pending", Sentence::new(message("explain-status-unproven")))
        }
        EntryStatus::Pending => {
            Answer::fine(about, "pending", Sentence::new(message("explain-status-pending")))
        }
        EntryStatus::Publishing => {
            let (node, since) = &facts.claimed;
            let said = Sentence::new(message("explain-status-publishing"))
                .with("attempt", row.attempt)
                .with("node", node.as_ref().map(ToString::to_string).unwrap_or_default())
                .with("since", since.unwrap_or(row.updated_at));
            Answer::fine(about, "publishing", said)
        }
        EntryStatus::Published => {
            let said = Sentence::new(message("explain-status-published"))
                .with("at", row.published_at.unwrap_or(row.updated_at))
                .with("where", row.url.clone().or_else(|| row.media_id.clone()).unwrap_or_default());
            Answer::fine(about, "published", said)
        }
        EntryStatus::Failed => failed(facts),
        EntryStatus::Uncertain => {
            let said =
                Sentence::new(message("explain-status-uncertain")).with("error", kept(&last_error(facts)));
            Answer::wants_a_person(about, "uncertain", said)
        }
        EntryStatus::Cancelled => {
            Answer::wants_a_person(about, "cancelled", Sentence::new(message("explain-status-cancelled")))
        }
    }
}

fn failed(facts: &Facts) -> Answer {
    let code = facts.attempts.first().and_then(|last| last.error_code.as_deref());
    let (code, id) = match code {
        Some(TOO_LATE) => ("too_late", message("explain-status-too-late")),
        Some(GAVE_UP) => ("gave_up", message("explain-status-gave-up")),
        Some(_) | None => ("failed", message("explain-status-failed")),
    };
    Answer::wants_a_person(Topic::Status, code, Sentence::new(id).with("error", kept(&last_error(facts))))
}

fn last_error(facts: &Facts) -> String {
    facts.row.log_error.clone().unwrap_or_else(|| "-".to_owned())
}

fn due(facts: &Facts) -> Answer {
    let row = &facts.row;
    let at = row.due_at;
    if at <= facts.at {
        return Answer::fine(Topic::Due, "due", Sentence::new(message("explain-due-since")).with("at", at));
    }
    let was_tried = row.retry_count > 0 || row.unproven || facts.attempts_total > 0;
    let (code, id) = match row.scheduled_at {
        Some(wanted) if wanted >= at => ("not_due", message("explain-due-scheduled")),
        _ if was_tried => ("backoff", message("explain-due-backoff")),
        _ => ("not_due", message("explain-due-scheduled")),
    };
    Answer::holds(Topic::Due, code, Some(at), Sentence::new(id).with("at", at))
}

fn before(facts: &Facts, lane: &Answer) -> Answer {
    let count = match facts.before {
        many if many >= COUNTED_MAX => format!("{COUNTED_MAX}+"),
        few => few.to_string(),
    };
    let id = match facts.before {
        0 => message("explain-before-none"),
        1 => message("explain-before-one"),
        _ => message("explain-before-some"),
    };
    let said = Sentence::new(id).with("count", count);
    let answer = Answer::fine(Topic::Before, if facts.before == 0 { "first" } else { "behind_others" }, said);
    // Where nothing can go out, or all of them find a place, this is not what it waits for.
    let one_by_one = ["full", "spacing", "daily_cap", "platform_down"].contains(&lane.code);
    Answer { ok: facts.before == 0 || !one_by_one, ..answer }
}

fn content(facts: &Facts) -> Answer {
    if let (ReviewStatus::Approved, Some((extra, revision, status))) =
        (facts.review_status, facts.unapproved_extra)
    {
        let id = match status {
            ReviewStatus::Rejected => message("explain-extra-rejected"),
            ReviewStatus::PendingReview => message("explain-extra-pending-review"),
            ReviewStatus::Draft | ReviewStatus::Approved => message("explain-extra-draft"),
        };
        let said =
            Sentence::new(id).with("content", extra.to_string()).with("revision", revision.to_string());
        return Answer::wants_a_person(Topic::Content, "not_approved", said);
    }
    let approved = facts.review_status == ReviewStatus::Approved;
    let id = match facts.review_status {
        ReviewStatus::Approved => message("explain-content-approved"),
        ReviewStatus::Draft => message("explain-content-draft"),
        ReviewStatus::PendingReview => message("explain-content-pending-review"),
        ReviewStatus::Rejected => message("explain-content-rejected"),
    };
    let said = Sentence::new(id)
        .with("content", facts.row.content_id.to_string())
        .with("revision", facts.revision.to_string());
    match approved && !facts.row.held {
        true => Answer::fine(Topic::Content, "approved", said),
        false => Answer::wants_a_person(Topic::Content, "not_approved", said),
    }
}

fn publisher(facts: &Facts, clock: Option<String>) -> Answer {
    let about = Topic::Publisher;
    if facts.row.is_paused {
        return Answer::wants_a_person(about, "paused", Sentence::new(message("explain-paused")));
    }
    if let Some(hold) = clock.or_else(|| facts.hold().map(str::to_owned)) {
        return Answer::holds(
            about,
            "clock_held",
            None,
            Sentence::new(message("explain-clock-held")).with("reason", hold),
        );
    }
    let Some(task) = facts.tasks.first() else {
        return Answer::wants_a_person(about, "no_task", Sentence::new(message("explain-no-task")));
    };
    let named = |id| Sentence::new(id).with("task", task.id.to_string()).with("name", task.name.as_str());
    if !facts.has_server() {
        return Answer::wants_a_person(about, "no_server", named(message("explain-no-server")));
    }
    match (task.schedule_type, task.next_run) {
        (ScheduleType::OnDue, _) => Answer::fine(about, "on_due", named(message("explain-task-on-due"))),
        (_, Some(at)) if at > facts.at => {
            Answer::holds(about, "next_run", Some(at), named(message("explain-task-next-run")).with("at", at))
        }
        (_, _) => Answer::fine(about, "task_runs", named(message("explain-task-runs"))),
    }
}

fn retries(facts: &Facts) -> Answer {
    let row = &facts.row;
    let used = row.retry_count.min(row.max_retries);
    let id = if used < row.max_retries {
        message("explain-retries-left")
    } else {
        message("explain-retries-none")
    };
    let said = Sentence::new(id)
        .with("attempts", facts.tries)
        .with("used", used)
        .with("max", row.max_retries)
        .with("left", row.max_retries - used);
    Answer::fine(Topic::Retries, if used < row.max_retries { "left" } else { "none_left" }, said)
}

/// When it is tried next, or asked about; none where it has come to its end, or is on the wire.
fn next(facts: &Facts, answers: &[Answer]) -> Option<(Answer, Option<Timestamp>)> {
    let told = |code, id, at: Option<Timestamp>| {
        let said = Sentence::new(id);
        let said = match at {
            Some(at) => said.with("at", at),
            None => said,
        };
        (Answer::fine(Topic::Next, code, said), at)
    };
    let holds = || answers.iter().filter(|it| !it.ok);
    let is_over = facts.row.status != EntryStatus::Pending && facts.row.question().is_none();
    if is_over {
        return None;
    }
    if holds().any(|it| it.needs_a_person) {
        return Some(told("when_a_person_acts", message("explain-next-person"), None));
    }
    if let Some(question) = facts.row.question() {
        return Some(told("asked_at", message("explain-next-asked"), Some(question.due())));
    }
    // What has no end that is known, such as a full lane, passes at any moment.
    if holds().any(|it| it.until.is_none() && it.about != Topic::Before) {
        return Some(told("any_moment", message("explain-next-unknown"), None));
    }
    Some(match holds().filter_map(|it| it.until).max() {
        Some(at) => told("at", message("explain-next-at"), Some(at)),
        None => told("now", message("explain-next-now"), Some(facts.at)),
    })
}
