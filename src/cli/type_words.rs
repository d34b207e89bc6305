//! `contenthub scheduler task-types`: what a task can do, and what it is told.

use super::output::Output;
use super::{Done, Failure};
use crate::app::App;
use crate::operations::task_type::TaskType;
use crate::words::{Message, Sentence, message};
use serde_json::{Value, json};

const EXAMPLES: &str =
    "Examples:\n  contenthub scheduler task-types\n  contenthub scheduler task-types --output json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

const COLUMNS: [(&str, &str); 2] = [("NAME", "name"), ("ABOUT", "about")];

/// The kinds of tasks, with what each is told.
pub fn run(app: &App, out: &Output) -> Result<Done, Failure> {
    let kinds: Vec<Value> = app.context().task_types.iter().map(|kind| json!(kind.description())).collect();
    if !out.is_table() {
        return out.list(&COLUMNS, &kinds, &json!({"items": kinds, "total": kinds.len()}));
    }
    let told: Vec<String> = kinds.iter().map(|kind| told(kind, out)).collect();
    super::output::write(&told.join("\n"))
}

/// What it does, in the reader's language.
pub fn about(kind: &TaskType, out: &Output) -> String {
    in_words(of_type(kind.name), &Value::from(kind.about), out)
}

/// Its name, what it does, and a paragraph for each of its parameters.
fn told(kind: &Value, out: &Output) -> String {
    let name = plain(&kind["name"]);
    let about = in_words(of_type(&name), &kind["about"], out);
    let mut text = format!("{name}\n{}", out.paragraph(2, 2, &about));
    let schema = &kind["params_schema"];
    for (field, param) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)));
        let about = in_words(of_param(&name, field), &param["description"], out);
        let limits = limits_of(param, is_required, out);
        let line = format!("--param {field}={}  {about}{limits}", shape_of(param));
        text.push_str(&out.paragraph(2, 6, &line));
    }
    text
}

/// In the reader's language; what has no words yet, as its schema has it.
fn in_words(id: Option<Message>, otherwise: &Value, out: &Output) -> String {
    id.map_or_else(|| plain(otherwise), |id| out.words(&id.into()))
}

fn plain(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is written for a parameter.
fn shape_of(param: &Value) -> &'static str {
    let wanted = &param["type"];
    let is = |name: &str| wanted == name || wanted.as_array().is_some_and(|all| all.contains(&json!(name)));
    match () {
        () if is("array") => "N,N,…",
        () if is("integer") => "N",
        () if is("boolean") => "true|false",
        () => "TEXT",
    }
}

/// Its range and default, and whether it may be left out.
fn limits_of(param: &Value, is_required: bool, out: &Output) -> String {
    let required = is_required.then(|| message("param-required").into());
    let range = match (&param["minimum"], &param["maximum"]) {
        (Value::Null, _) | (_, Value::Null) => None,
        (least, most) => Some(
            Sentence::new(message("param-range"))
                .with("least", least.to_string())
                .with("most", most.to_string()),
        ),
    };
    let default = Some(&param["default"]).filter(|it| !it.is_null());
    let default = default.map(|it| Sentence::new(message("param-default")).with("value", it.to_string()));
    let said: Vec<String> =
        [required, range, default].into_iter().flatten().map(|it: Sentence| out.words(&it)).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) }
}

fn of_type(name: &str) -> Option<Message> {
    match name {
        "publishing" => Some(message("type-publishing")),
        "import_folder" => Some(message("type-import-folder")),
        "recycle" => Some(message("type-recycle")),
        "prune" => Some(message("type-prune")),
        "backup" => Some(message("type-backup")),
        _ => None,
    }
}

fn of_param(name: &str, field: &str) -> Option<Message> {
    match (name, field) {
        ("publishing", "account_ids") => Some(message("param-publishing-account-ids")),
        ("publishing", "max_priority") => Some(message("param-publishing-max-priority")),
        ("publishing", "limit") => Some(message("param-publishing-limit")),
        ("import_folder", "folder") => Some(message("param-import-folder")),
        ("import_folder", "recursive") => Some(message("param-import-recursive")),
        ("import_folder", "account_ids") => Some(message("param-import-account-ids")),
        ("import_folder", "priority") => Some(message("param-import-priority")),
        ("recycle", "content_ids") => Some(message("param-recycle-content-ids")),
        ("recycle", "tag") => Some(message("param-recycle-tag")),
        ("recycle", "account_ids") => Some(message("param-recycle-account-ids")),
        ("recycle", "count") => Some(message("param-recycle-count")),
        ("recycle", "pause_days") => Some(message("param-recycle-pause-days")),
        ("recycle", "times_max") => Some(message("param-recycle-times-max")),
        ("recycle", "until") => Some(message("param-recycle-until")),
        ("prune", "empty_runs_days") => Some(message("param-prune-empty-runs-days")),
        ("prune", "runs_days") => Some(message("param-prune-runs-days")),
        ("prune", "logs_days") => Some(message("param-prune-logs-days")),
        ("prune", "media_days") => Some(message("param-prune-media-days")),
        ("backup", "keep") => Some(message("param-backup-keep")),
        ("backup", "folder") => Some(message("param-backup-folder")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn each_kind_and_parameter_has_words_and_the_english_ones_are_those_of_its_schema() {
        let english = |id: Option<Message>, of: &str| {
            Language::En.say(id.unwrap_or_else(|| panic!("{of} has no words")), &[])
        };
        for kind in crate::tasks::builtin().iter().map(TaskType::description) {
            let kind = json!(kind);
            let name = plain(&kind["name"]);
            assert_eq!(english(of_type(&name), &name), plain(&kind["about"]));
            for (field, param) in kind["params_schema"]["properties"].as_object().into_iter().flatten() {
                let of = format!("{name}.{field}");
                assert_eq!(english(of_param(&name, field), &of), plain(&param["description"]), "{of}");
            }
        }
    }
}
