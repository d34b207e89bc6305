//! Asking a person for what the command line does not say. Only on a terminal: a script gets an error instead.

use super::Failure;
use super::account::setting;
use super::output::Output;
use super::task_form::ScheduleArguments;
use crate::app::App;
use crate::domain::cron::CronExpression;
use crate::domain::schedule::{INTERVAL_MAX_SECONDS, INTERVAL_MIN_SECONDS};
use crate::domain::time_input;
use crate::platforms::platform::{Credentials, Platform};
use crate::platforms::registry::Registry;
use crate::words::{Sentence, message};
use dialoguer::{Confirm, Input, Password, Select};
use serde_json::{Map, Value};
use std::io::{IsTerminal, stderr, stdin};
use std::sync::Arc;

/// What an account is made of, at the least.
pub struct Asked {
    pub name: String,
    pub platform: String,
    pub settings: Map<String, Value>,
    pub credentials: Credentials,
}

pub fn is_possible() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Somebody gave up, or the terminal went away.
fn given_up(error: dialoguer::Error) -> Failure {
    let dialoguer::Error::IO(error) = error;
    Failure::Io(error)
}

/// One line that `check` finds nothing wrong with.
fn line(prompt: String, check: impl FnMut(&String) -> Result<(), String>) -> Result<String, Failure> {
    Input::new().with_prompt(prompt).validate_with(check).interact_text().map_err(given_up)
}

fn choice(prompt: String, choices: &[String]) -> Result<usize, Failure> {
    Select::new().with_prompt(prompt).items(choices).default(0).interact().map_err(given_up)
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(()) }
}

/// Name, platform, and what the platform's own schema has.
pub fn account(registry: &Registry, out: &Output) -> Result<Asked, Failure> {
    let words = |id| out.words(&Sentence::new(id));
    let name = line(words(message("ask-account-name")), |text| not_empty(text))?;
    let platforms: Vec<&Arc<dyn Platform>> = registry.all().collect();
    let about: Vec<String> = platforms.iter().map(|it| format!("{}: {}", it.name(), it.about())).collect();
    let platform = platforms[choice(words(message("ask-platform")), &about)?];
    let schema = platform.settings_schema();
    let mut settings = Map::new();
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it == field));
        if let Some(value) = one_setting(field, property, required)? {
            settings.insert(field.clone(), value);
        }
    }
    let mut credentials = Credentials::default();
    for secret in platform.secret_fields() {
        let prompt = format!("{} ({})", secret.name, secret.about);
        let asked = Password::new().with_prompt(prompt).allow_empty_password(!secret.required);
        let given = asked.interact().map_err(given_up)?;
        if !given.is_empty() {
            credentials.0.insert(secret.name.to_owned(), given);
        }
    }
    Ok(Asked { name, platform: platform.name().to_owned(), settings, credentials })
}

/// None where the platform's default will do.
fn one_setting(field: &str, property: &Value, required: bool) -> Result<Option<Value>, Failure> {
    let about = property["description"].as_str().unwrap_or_default().replace('\n', " ");
    let prompt = if about.is_empty() { field.to_owned() } else { format!("{field} ({about})") };
    let wanted = &property["type"];
    let default = &property["default"];
    if wanted == "boolean" {
        let default = default.as_bool().unwrap_or(false);
        let given = Confirm::new().with_prompt(prompt).default(default).interact().map_err(given_up)?;
        return Ok((given != default).then_some(Value::Bool(given)));
    }
    let mut asked = Input::<String>::new().with_prompt(prompt);
    asked = match default {
        Value::Null if required => asked.validate_with(|text: &String| not_empty(text)),
        Value::Null => asked.allow_empty(true),
        other => asked.default(super::output::shown(other)),
    };
    let given = asked.interact_text().map_err(given_up)?;
    let is_default = given.is_empty() || given == super::output::shown(default);
    Ok((!is_default).then(|| setting(&given, wanted)))
}

/// Name and schedule of a task that publishes.
pub fn task(app: &App, out: &Output) -> Result<(String, ScheduleArguments), Failure> {
    let words = |id| out.words(&Sentence::new(id));
    let name = line(words(message("ask-task-name")), |text| not_empty(text))?;
    let kinds =
        [message("ask-on-due"), message("ask-interval"), message("ask-cron"), message("ask-once")].map(words);
    let mut schedule = ScheduleArguments::default();
    match choice(words(message("ask-schedule")), &kinds)? {
        0 => schedule.on_due = true,
        1 => {
            let text = line(words(message("ask-interval-seconds")), |text| seconds(text).map(drop))?;
            schedule.interval = seconds(&text).ok();
        }
        2 => {
            let read = |text: &String| text.parse::<CronExpression>().map(drop).map_err(|it| it.to_string());
            schedule.cron = Some(line(words(message("ask-cron-expression")), read)?);
        }
        _ => {
            let zone = app.settings().timezone;
            let read = |text: &String| match time_input::parse(text, zone) {
                Ok(at) if at > app.now() => Ok(()),
                Ok(_) => Err("must lie in the future".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            let prompt = Sentence::new(message("ask-run-at")).with("zone", zone.to_string());
            schedule.run_at = Some(line(out.words(&prompt), read)?);
        }
    }
    Ok((name, schedule))
}

fn seconds(text: &str) -> Result<i64, String> {
    let range = INTERVAL_MIN_SECONDS..=INTERVAL_MAX_SECONDS;
    let read = text.trim().parse().ok().filter(|seconds| range.contains(seconds));
    read.ok_or_else(|| {
        format!("must be a whole number from {INTERVAL_MIN_SECONDS} to {INTERVAL_MAX_SECONDS}")
    })
}
