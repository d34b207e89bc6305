//! What a person can do now: commands that can be pasted.

use super::{Action, Answer};
use crate::db::explain::Facts;
use crate::domain::account::shut_reason;
use crate::domain::ids::TaskId;
use crate::views::waiting::WAIT_FOR_A_RUN;
use crate::views::{EntryView, Here};
use crate::words::{Language, Message, Sentence, message};
use std::collections::HashSet;

pub fn all(facts: &Facts, answers: &[Answer]) -> Vec<Action> {
    let mut holds: Vec<&Answer> = answers.iter().filter(|it| !it.ok).collect();
    // First what does not pass by itself.
    holds.sort_by_key(|it| !it.needs_a_person);
    let mut told = HashSet::new();
    let actions = holds.into_iter().flat_map(|answer| of(facts, answer.code));
    // One that helps against several is told once.
    actions.filter(|action| told.insert(action.command.clone())).collect()
}

/// What helps against one thing that keeps an entry from going out.
fn of(facts: &Facts, code: &str) -> Vec<Action> {
    let (entry, account) = (facts.row.id, facts.row.account_id);
    let content = facts.unapproved_content();
    let name = quoted(&facts.account.name);
    let pool = |verb: &str| Some(format!("POST /api/v1/publish-pool/{entry}/{verb}"));
    match code {
        "failed" | "too_late" | "gave_up" | "cancelled" => {
            vec![act(message("explain-do-retry"), format!("publish-pool retry {entry}"), pool("retry"))]
        }
        "uncertain" => vec![
            act(
                message("explain-do-it-is-out"),
                format!("publish-pool resolve {entry} --published"),
                pool("resolve"),
            ),
            act(
                message("explain-do-try-again"),
                format!("publish-pool resolve {entry} --retry"),
                pool("resolve"),
            ),
            act(
                message("explain-do-leave-it"),
                format!("publish-pool resolve {entry} --failed"),
                pool("resolve"),
            ),
        ],
        "not_approved" => vec![act(
            message("explain-do-approve"),
            format!("content approve {content}"),
            Some(format!("POST /api/v1/contents/{content}/approve")),
        )],
        "not_due" => now(facts),
        "account_disabled" => vec![act(
            message("explain-do-enable-account"),
            format!("account update {name} --enabled true"),
            Some(format!("PATCH /api/v1/accounts/{account}")),
        )],
        "account_suspended" => vec![
            act(message("explain-do-test"), format!("account test {name}"), None),
            act(
                message("explain-do-resume"),
                format!("account resume {name}"),
                Some(format!("POST /api/v1/accounts/{account}/resume")),
            ),
        ],
        "wrong_secret_key" => vec![act(message("explain-do-key"), "doctor".to_owned(), None)],
        "platform_down" | "asked_to_wait" => {
            vec![act(message("explain-do-test"), format!("account test {name}"), None)]
        }
        "window" => {
            let open = lane_change(message("explain-do-window"), &name, "--window none", facts);
            now(facts).into_iter().chain([open]).collect()
        }
        "daily_cap" => vec![lane_change(message("explain-do-cap"), &name, "--daily-cap none", facts)],
        "spacing" => {
            let open = lane_change(message("explain-do-spacing"), &name, "--spacing-seconds none", facts);
            now(facts).into_iter().chain([open]).collect()
        }
        "behind_others" => vec![act(
            message("explain-do-first"),
            format!("publish-pool set-priority {entry} 1"),
            Some(format!("PATCH /api/v1/publish-pool/{entry}")),
        )],
        "no_task" => no_task(facts),
        "no_server" => vec![act(message("explain-do-serve"), "serve".to_owned(), None)]
            .into_iter()
            .chain(trigger(facts))
            .collect(),
        "next_run" => trigger(facts),
        // The rest passes by itself.
        _ => Vec::new(),
    }
}

/// Only where nothing else would refuse it.
fn now(facts: &Facts) -> Vec<Action> {
    let entry = facts.row.id;
    let suspended = facts.account.suspended_reason.as_deref();
    let is_shut = shut_reason(facts.account.enabled, suspended, facts.account.suspended_until, facts.at);
    if facts.row.held || facts.row.is_paused || is_shut.is_some() {
        return Vec::new();
    }
    let request = Some(format!("POST /api/v1/publish-pool/{entry}/publish"));
    vec![act(message("explain-do-now"), format!("publish-pool publish {entry}"), request)]
}

fn act(id: Message, command: String, request: Option<String>) -> Action {
    let sentence = Sentence::new(id);
    let message = sentence.say(Language::En);
    Action { message, command: format!("contenthub {command}"), request, sentence }
}

fn lane_change(id: Message, name: &str, flag: &str, facts: &Facts) -> Action {
    let request = Some(format!("PATCH /api/v1/accounts/{}", facts.row.account_id));
    act(id, format!("account update {name} {flag}"), request)
}

fn no_task(facts: &Facts) -> Vec<Action> {
    match &facts.disabled_task {
        Some(task) => {
            let enable = act(
                message("explain-do-enable-task"),
                format!("scheduler enable {}", task.id),
                Some(format!("POST /api/v1/scheduler/tasks/{}/enable", task.id)),
            );
            [enable].into_iter().chain(a_run_takes_it(facts).then(|| run_of(task.id))).collect()
        }
        None => vec![act(
            message("explain-do-create-task"),
            "scheduler create --name \"publish when due\" --on-due".to_owned(),
            Some("POST /api/v1/scheduler/tasks".to_owned()),
        )],
    }
}

fn trigger(facts: &Facts) -> Vec<Action> {
    facts.tasks.first().filter(|_| a_run_takes_it(facts)).map(|task| run_of(task.id)).into_iter().collect()
}

/// A run takes what is due and what no gate keeps, and nothing else.
fn a_run_takes_it(facts: &Facts) -> bool {
    let view =
        EntryView::new(facts.row.clone(), facts.at, &Here::beside(&facts.seen.nodes, facts.can_decrypt));
    let is_a_run = |keeps: String| WAIT_FOR_A_RUN.iter().any(|run| run.to_string() == keeps);
    facts.row.due_at <= facts.at && view.waiting_for.is_none_or(is_a_run)
}

fn run_of(task: TaskId) -> Action {
    act(
        message("explain-do-trigger"),
        format!("scheduler trigger {task}"),
        Some(format!("POST /api/v1/scheduler/tasks/{task}/trigger")),
    )
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_for_the_shell() {
        for (name, word) in [
            ("blog", "blog"),
            ("我的博客", "我的博客"),
            ("my blog", "'my blog'"),
            ("it's", r"'it'\''s'"),
            ("-x", "'-x'"),
        ] {
            assert_eq!(quoted(name), word);
        }
    }
}
