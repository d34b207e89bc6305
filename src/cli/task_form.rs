//! What `contenthub scheduler create` and `scheduler update` are told of a task.

use super::account::{setting, split};
use super::ask;
use super::output::Output;
use super::scheduler::{TaskWord, view};
use super::usage::{Pair, UsageError};
use super::{Done, Failure};
use crate::app::App;
use crate::domain::misfire::Misfire;
use crate::domain::schedule::ScheduleType;
use crate::domain::time_input::AskedTime;
use crate::operations::task::{CreateTask, GetTask, UpdateTask};
use crate::words::{Sentence, message};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Map, Value, json};

pub const CREATE_EXAMPLES: &str = r#"Examples:
  Every five minutes:
    contenthub scheduler create --name "auto publish" --type publishing --interval 300
  At nine on weekdays, Shanghai time (minute, hour, day, month, weekday; with seconds before them if there are six):
    contenthub scheduler create --name mornings --cron "0 9 * * 1-5" --timezone Asia/Shanghai
  Once; then the task disables itself:
    contenthub scheduler create --name launch --run-at "2026-12-01 09:00" --timezone Asia/Shanghai
  Whenever an entry is due:
    contenthub scheduler create --name "as it comes" --on-due
  Only what is urgent, and at most ten in a run:
    contenthub scheduler create --name urgent --interval 60 --param max_priority=3 --param limit=10
  A copy of the database each night, of which the newest 14 are kept:
    contenthub scheduler create --name nightly --type backup --cron "0 3 * * *" --param keep=14
  A folder of Markdown files, each minute; what is new in it goes out:
    contenthub scheduler create --name a --type import_folder --interval 60 --param folder=/posts

`contenthub scheduler task-types` shows what a task can do, and what it is told by --param.

--timezone is the zone of the cron expression, and of times that are given without an offset."#;

pub const UPDATE_EXAMPLES: &str = r#"Examples:
    contenthub scheduler update 2 --interval 600
    contenthub scheduler update 2 --cron "30 8,18 * * *" --timezone Europe/Berlin
    contenthub scheduler update 2 --run-at "2026-12-01 09:00"
    contenthub scheduler update 2 --param limit=10
    contenthub scheduler update 2 --no-params

A task that is given another kind of schedule drops the one that it had."#;

pub(super) const CHANGES: &str = "--name NAME, --interval SECONDS, --cron EXPRESSION, --run-at TIME, --on-due, --timezone ZONE, \
    --param NAME=VALUE, --no-params, --misfire HOW, or --next-run TIME";

/// The kinds of schedule, of which a task has one.
#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(super) struct ScheduleArguments {
    /// Seconds between runs, 1 to 31622400
    #[arg(long, value_name = "SECONDS")]
    pub(super) interval: Option<i64>,
    /// Run at the times that a cron expression names, such as "0 9 * * 1-5"
    #[arg(long, value_name = "EXPRESSION")]
    pub(super) cron: Option<String>,
    /// Run once, at this time
    #[arg(long, visible_alias = "at", value_name = "TIME")]
    pub(super) run_at: Option<String>,
    /// Run whenever an entry is due
    #[arg(long)]
    pub(super) on_due: bool,
}

impl ScheduleArguments {
    pub fn schedule_type(&self) -> Option<ScheduleType> {
        let given = [
            (self.interval.is_some(), ScheduleType::Interval),
            (self.cron.is_some(), ScheduleType::Cron),
            (self.run_at.is_some(), ScheduleType::Once),
            (self.on_due, ScheduleType::OnDue),
        ];
        given.into_iter().find_map(|(is_given, schedule_type)| is_given.then_some(schedule_type))
    }
}

/// The settings there are, with what each means.
fn misfire() -> impl clap::builder::TypedValueParser<Value = Misfire> {
    let known = [
        PossibleValue::new(Misfire::FireOnce.as_str()).help("All of them are one run, at once"),
        PossibleValue::new(Misfire::Skip.as_str()).help("They are let go"),
        PossibleValue::new(Misfire::FireAll.as_str()).help("One run each, one after another; the newest 100"),
    ];
    PossibleValuesParser::new(known).try_map(|word| word.parse::<Misfire>())
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    #[arg(long)]
    name: Option<String>,
    /// What the task does
    #[arg(long = "type", default_value = "publishing", value_name = "TYPE")]
    task_type: String,
    /// What it is told, such as limit=10; see `scheduler task-types`
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    #[command(flatten)]
    schedule: ScheduleArguments,
    /// What is done about runs that it missed by more than a minute, because no server ran, say
    #[arg(long, value_name = "HOW", default_value = "fire_once", value_parser = misfire())]
    misfire: Misfire,
    /// The first run of an interval (default: one interval from now)
    #[arg(long, value_name = "TIME")]
    next_run: Option<String>,
    /// Create it without letting it run
    #[arg(long)]
    disabled: bool,
}

#[derive(Debug, clap::Args)]
pub struct UpdateArguments {
    /// Name or id
    id: TaskWord,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    schedule: ScheduleArguments,
    /// What it is told; merged with what it was told before
    #[arg(long = "param", value_name = "NAME=VALUE", conflicts_with = "no_params")]
    params: Vec<String>,
    /// Forget what it was told
    #[arg(long)]
    no_params: bool,
    /// What is done about runs that it missed by more than a minute
    #[arg(long, value_name = "HOW", value_parser = misfire())]
    misfire: Option<Misfire>,
    /// The next run of an interval
    #[arg(long, value_name = "TIME")]
    next_run: Option<String>,
}

pub fn create(arguments: CreateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let mut arguments = arguments;
    let (mut asked, mut timezone) = (Map::new(), None);
    if arguments.name.is_none() && arguments.schedule.schedule_type().is_none() && ask::is_possible() {
        let task = ask::task(&arguments.task_type, app, out)?;
        (arguments.name, arguments.task_type, arguments.schedule) =
            (Some(task.name), task.task_type, task.schedule);
        (asked, timezone) = (task.params, task.timezone);
    }
    let Some(name) = arguments.name else {
        return Err(UsageError::NoTask.into());
    };
    let Some(schedule_type) = arguments.schedule.schedule_type() else {
        return Err(UsageError::NoSchedule.into());
    };
    let params = Value::Object(params(&arguments.params, asked, app, &arguments.task_type)?);
    let task = CreateTask {
        name,
        task_type: arguments.task_type,
        schedule_type,
        interval_seconds: arguments.schedule.interval,
        cron: arguments.schedule.cron,
        run_at: arguments.schedule.run_at.map(AskedTime::Written),
        timezone,
        params,
        enabled: !arguments.disabled,
        misfire: arguments.misfire,
        next_run: arguments.next_run.map(AskedTime::Written),
    };
    let view = view(app.change(task)?);
    let said = match view.next_run {
        Some(at) => Sentence::new(message("done-task-made")).with("at", at),
        None if view.enabled => Sentence::new(message("done-task-made-on-due")),
        None => Sentence::new(message("done-task-made-disabled")),
    };
    let said = said.with("task", view.id.to_string()).with("name", view.name.as_str());
    out.tell(&said.with("schedule", view.in_words.as_str()), &json!(view))
}

pub fn update(arguments: UpdateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let id = arguments.id.find(app)?;
    let changed = match (arguments.no_params, arguments.params.is_empty()) {
        (true, _) => Some(json!({})),
        (false, true) => None,
        (false, false) => {
            let row = app.run(GetTask(id))?;
            let kept = serde_json::from_str(&row.params).unwrap_or_default();
            Some(Value::Object(params(&arguments.params, kept, app, &row.task_type)?))
        }
    };
    let update = UpdateTask {
        params: changed,
        name: arguments.name,
        schedule_type: arguments.schedule.schedule_type(),
        interval_seconds: arguments.schedule.interval,
        cron: arguments.schedule.cron,
        run_at: arguments.schedule.run_at.map(AskedTime::Written),
        // The zone of the settings is not this task's, unless somebody says so here.
        timezone: super::setting_flag("timezone"),
        misfire: arguments.misfire,
        next_run: arguments.next_run.map(AskedTime::Written),
        ..UpdateTask::new(id)
    };
    if update == UpdateTask::new(id) {
        return Err(UsageError::NoChange.into());
    }
    out.one(&json!(view(app.change(update)?)))
}

/// Parameters as they were, with those of the command line, each read as its kind of task wants it.
fn params(
    pairs: &[String],
    mut kept: Map<String, Value>,
    app: &App,
    task_type: &str,
) -> Result<Map<String, Value>, Failure> {
    let kind = app.context().task_types.get(task_type);
    let schema = kind.map_or(Value::Null, |kind| (kind.params_schema)());
    for pair in pairs {
        let (name, text) = split(pair, Pair::Parameter)?;
        kept.insert(name.to_owned(), param(text, &schema["properties"][name]["type"]));
    }
    Ok(kept)
}

/// A list may be written 1,2 too.
pub(super) fn param(text: &str, wanted: &Value) -> Value {
    let is_list = wanted == "array" || wanted.as_array().is_some_and(|all| all.contains(&json!("array")));
    if !is_list || text.starts_with('[') {
        return setting(text, wanted);
    }
    text.split(',').map(|part| setting(part.trim(), &Value::Null)).collect()
}
