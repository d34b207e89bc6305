//! Asking a person for what the command line does not say. Only on a terminal: a script gets an error instead.

use super::Failure;
use super::account::setting;
use super::output::Output;
use super::task_form::{ScheduleArguments, param};
use super::type_words;
use crate::app::App;
use crate::db::accounts::AccountRow;
use crate::domain::cron::CronExpression;
use crate::domain::fault::Fault;
use crate::domain::schedule::{INTERVAL_MAX_SECONDS, INTERVAL_MIN_SECONDS};
use crate::domain::thing::Thing;
use crate::domain::time_input;
use crate::domain::{naming, near};
use crate::operations::OperationError;
use crate::operations::account::FindAccount;
use crate::operations::task_type::TaskType;
use crate::platforms::platform::{Credentials, Platform};
use crate::words::errors::InChinese;
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

/// What is wrong with an answer, in the language of whoever is asked.
fn told(wrong: &impl InChinese) -> String {
    wrong.told(super::language())
}

/// One line that `check` finds nothing wrong with.
fn line(prompt: String, check: impl FnMut(&String) -> Result<(), String>) -> Result<String, Failure> {
    Input::new().with_prompt(prompt).validate_with(check).interact_text().map_err(given_up)
}

fn choice(prompt: String, choices: &[String], usual: usize) -> Result<usize, Failure> {
    Select::new().with_prompt(prompt).items(choices).default(usual).interact().map_err(given_up)
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(told(&Fault::Empty)) } else { Ok(()) }
}

/// Name, platform, and what the platform's own schema has; each answer is checked before the next question.
pub fn account(app: &App, out: &Output) -> Result<Asked, Failure> {
    let words = |id| out.words(&Sentence::new(id));
    let name = line(words(message("ask-account-name")), |text| {
        name(text)?;
        let is_taken = |row: AccountRow| row.name == *text;
        match app.run(FindAccount(text.clone())).is_ok_and(is_taken) {
            true => Err(told(&OperationError::NameTaken { thing: Thing::Account, name: text.clone() })),
            false => Ok(()),
        }
    })?;
    let platforms: Vec<&Arc<dyn Platform>> = app.context().registry.all().collect();
    let about: Vec<String> = platforms.iter().map(|it| format!("{}: {}", it.name(), it.about())).collect();
    let platform = platforms[choice(words(message("ask-platform")), &about, 0)?];
    let mut settings = Map::new();
    for (field, property, required) in asked_of(&platform.settings_schema()) {
        let check = |value: &Value| {
            let mut with = settings.clone();
            with.insert(field.clone(), value.clone());
            wrong_of(platform, &with, &Credentials::default(), &format!("settings.{field}"))
        };
        if let Some(value) = one(&field, &property, required, &check, &setting)? {
            settings.insert(field, value);
        }
    }
    let mut credentials = Credentials::default();
    for secret in platform.secret_fields() {
        let prompt = format!("{} ({})", secret.name, secret.about);
        let check = |given: &String| {
            let with = Credentials([(secret.name.to_owned(), given.clone())].into());
            let field = format!("credentials.{}", secret.name);
            if given.is_empty() { Ok(()) } else { wrong_of(platform, &settings, &with, &field) }
        };
        let asked = Password::new().with_prompt(prompt).allow_empty_password(!secret.required);
        let given = asked.validate_with(check).interact().map_err(given_up)?;
        if !given.is_empty() {
            credentials.0.insert(secret.name.to_owned(), given);
        }
    }
    Ok(Asked { name, platform: platform.name().to_owned(), settings, credentials })
}

fn name(text: &str) -> Result<(), String> {
    not_empty(text)?;
    naming::is_no_number(text).map_err(|wrong| told(&wrong.fault))?;
    naming::unprintable(text).map_or(Ok(()), |wrong| Err(told(&wrong.fault)))
}

/// What the platform finds wrong with one answer, whatever else is not yet answered.
fn wrong_of(
    platform: &Arc<dyn Platform>,
    settings: &Map<String, Value>,
    credentials: &Credentials,
    field: &str,
) -> Result<(), String> {
    let checked = platform.check(&Value::Object(settings.clone()), credentials);
    let wrong = checked.err().into_iter().flatten().find(|wrong| wrong.field == field);
    wrong.map_or(Ok(()), |wrong| Err(told(&wrong.fault)))
}

/// The fields of a schema, with whether they must be answered: these first.
fn asked_of(schema: &Value) -> Vec<(String, Value, bool)> {
    let is_required =
        |field: &String| schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it == field));
    let fields = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<_> =
        fields.map(|(field, property)| (field.clone(), property.clone(), is_required(field))).collect();
    fields.sort_by_key(|(_, _, required)| !required);
    fields
}

/// One answer, read as its kind; none where the default will do.
fn one(
    field: &str,
    property: &Value,
    required: bool,
    check: &dyn Fn(&Value) -> Result<(), String>,
    read: &dyn Fn(&str, &Value) -> Value,
) -> Result<Option<Value>, Failure> {
    let about = property["description"].as_str().unwrap_or_default().replace('\n', " ");
    let prompt = if about.is_empty() { field.to_owned() } else { format!("{field} ({about})") };
    let wanted = &property["type"];
    let default = &property["default"];
    if wanted == "boolean" {
        let default = default.as_bool().unwrap_or(false);
        let given = Confirm::new().with_prompt(prompt).default(default).interact().map_err(given_up)?;
        return Ok((given != default).then_some(Value::Bool(given)));
    }
    let usual = super::output::shown(default);
    let is_default = |text: &str| text.is_empty() || text == usual;
    let mut asked = Input::<String>::new().with_prompt(prompt);
    asked = match default {
        Value::Null if required => asked,
        Value::Null => asked.allow_empty(true),
        _ => asked.default(usual.clone()),
    };
    let asked = asked.validate_with(|text: &String| match required {
        true => not_empty(text).and_then(|()| check(&read(text, wanted))),
        false if is_default(text) => Ok(()),
        false => check(&read(text, wanted)),
    });
    let given = asked.interact_text().map_err(given_up)?;
    Ok((!is_default(&given)).then(|| read(&given, wanted)))
}

/// What a task is made of, at the least.
pub(super) struct AskedTask {
    pub name: String,
    pub task_type: String,
    pub params: Map<String, Value>,
    pub schedule: ScheduleArguments,
    /// None: that of the settings.
    pub timezone: Option<String>,
}

/// Name, type and what it is told, and when it runs. `usual` is the type that is chosen where nobody says another.
pub(super) fn task(usual: &str, app: &App, out: &Output) -> Result<AskedTask, Failure> {
    let words = |id| out.words(&Sentence::new(id));
    let name = line(words(message("ask-task-name")), |text| name(text))?;
    let kinds: Vec<&TaskType> = app.context().task_types.iter().collect();
    let about: Vec<String> =
        kinds.iter().map(|kind| format!("{}: {}", kind.name, type_words::about(kind, out))).collect();
    let usual = kinds.iter().position(|kind| kind.name == usual).unwrap_or(0);
    let kind = kinds[choice(words(message("ask-task-type")), &about, usual)?];
    let params = params(kind)?;
    let (schedule, timezone) = schedule(kind, app, out)?;
    Ok(AskedTask { name, task_type: kind.name.to_owned(), params, schedule, timezone })
}

/// What a job is told. What publishes takes all that is due, unless somebody says otherwise by --param.
fn params(kind: &TaskType) -> Result<Map<String, Value>, Failure> {
    let mut params = Map::new();
    if kind.work.is_none() {
        return Ok(params);
    }
    for (field, property, required) in asked_of(&(kind.params_schema)()) {
        let check = |value: &Value| within(value, &property);
        if let Some(value) = one(&field, &property, required, &check, &param)? {
            params.insert(field, value);
        }
    }
    Ok(params)
}

/// Checks the kind of a value, and its range, as its schema has them.
fn within(value: &Value, property: &Value) -> Result<(), String> {
    let wanted = &property["type"];
    let is_number =
        wanted == "integer" || wanted.as_array().is_some_and(|all| all.iter().any(|it| it == "integer"));
    if !is_number {
        return Ok(());
    }
    let number = value.as_i64().ok_or_else(|| told(&Fault::NotWhole))?;
    let (least, most) = (property["minimum"].as_i64(), property["maximum"].as_i64());
    match (least.unwrap_or(i64::MIN), most.unwrap_or(i64::MAX)) {
        (least, most) if (least..=most).contains(&number) => Ok(()),
        (least, most) => Err(told(&Fault::OutOfRange { least, most, given: number })),
    }
}

/// When it runs, and the zone where that goes by a clock on the wall.
fn schedule(
    kind: &TaskType,
    app: &App,
    out: &Output,
) -> Result<(ScheduleArguments, Option<String>), Failure> {
    let words = |id| out.words(&Sentence::new(id));
    let all = [message("ask-on-due"), message("ask-interval"), message("ask-cron"), message("ask-once")];
    // Only what publishes runs when an entry is due.
    let first = usize::from(kind.work.is_some());
    let mut schedule = ScheduleArguments::default();
    let mut timezone = None;
    match first + choice(words(message("ask-schedule")), &all.map(words)[first..], 0)? {
        0 => schedule.on_due = true,
        1 => {
            let text = line(words(message("ask-interval-seconds")), |text| seconds(text).map(drop))?;
            schedule.interval = seconds(&text).ok();
        }
        2 => {
            timezone = Some(zone(app, out)?);
            let read = |text: &String| text.parse::<CronExpression>().map(drop).map_err(|it| told(&it));
            schedule.cron = Some(line(words(message("ask-cron-expression")), read)?);
        }
        _ => {
            let named = zone(app, out)?;
            let zone = named.parse().unwrap_or(app.settings().timezone);
            timezone = Some(named);
            let read = |text: &String| match time_input::parse(text, zone) {
                Ok(at) if at > app.now() => Ok(()),
                Ok(_) => Err(told(&Fault::NotFuture)),
                Err(error) => Err(told(&error)),
            };
            let prompt = Sentence::new(message("ask-run-at")).with("zone", zone.to_string());
            schedule.run_at = Some(line(out.words(&prompt), read)?);
        }
    }
    Ok((schedule, timezone))
}

/// The zone of the times that are asked for next.
fn zone(app: &App, out: &Output) -> Result<String, Failure> {
    let prompt = out.words(&Sentence::new(message("ask-timezone")));
    let check =
        |text: &String| text.parse::<chrono_tz::Tz>().map(drop).map_err(|_| told(&near::no_zone(text)));
    let asked = Input::new().with_prompt(prompt).default(app.settings().timezone.to_string());
    asked.validate_with(check).interact_text().map_err(given_up)
}

fn seconds(text: &str) -> Result<i64, String> {
    let range = INTERVAL_MIN_SECONDS..=INTERVAL_MAX_SECONDS;
    let read = text.trim().parse().ok().filter(|seconds| range.contains(seconds));
    let fault = Fault::NoNumberWithin { least: INTERVAL_MIN_SECONDS, most: INTERVAL_MAX_SECONDS };
    read.ok_or_else(|| told(&fault))
}
