//! `contenthub account`: where things are published.

use super::ask::{self, Asked};
use super::output::Output;
use super::usage::{Pair, UsageError, WrongValue};
use super::{Done, Failure, time};
use crate::app::App;
use crate::db::accounts::Filter;
use crate::domain::account::{OnSimilar, OnUnknown};
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::lane_settings::LaneChanges;
use crate::domain::posting_slots::MissedSlot;
use crate::operations::Paging;
use crate::operations::account::*;
use crate::operations::slots::ListSlots;
use crate::platforms::platform::Credentials;
use crate::views::AccountView;
use crate::words::{Sentence, message};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::str::FromStr;

const CREATE_EXAMPLES: &str = "\
Examples:
  contenthub account create blog --platform webhook --setting url=http://127.0.0.1:9000/hook
  contenthub account create site --platform folder --window 08:00-23:00 --zone Asia/Shanghai
  contenthub account create quiet --platform folder --spacing-seconds 900 --daily-cap 8";

const UPDATE_EXAMPLES: &str = "\
Examples:
  contenthub account update site --window \"mon-fri 08:00-23:00\" --window \"sat,sun 22:00-02:00\"
  contenthub account update site --spacing-seconds 900 --daily-cap 8
  contenthub account update site --late-after-seconds 3600 --give-up-after-seconds 7200
  contenthub account update site --slots \"mon-fri 09:00,18:00\" --slots \"sat 10:30\"
  contenthub account update site --slots 09:00,18:00 --missed-slot next
  contenthub account update site --on-similar refuse
  contenthub account update site --window none --daily-cap none --late-after-seconds none";

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List accounts, a page at a time
    #[command(
        after_help = "Examples:\n  contenthub account list\n  contenthub account list --platform webhook --enabled true"
    )]
    List(ListArguments),
    /// Create an account; without arguments, on a terminal, it asks
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArguments),
    /// Show one account (name or id)
    #[command(after_help = "Examples:\n  contenthub account show blog")]
    Show { account: String },
    /// Change an account; settings are merged with what is there, credentials replaced as a whole
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArguments),
    /// Test whether an account works, without publishing anything: exit code 1 where it does not
    ///
    /// A webhook's receiver is asked with OPTIONS whether it is there; a folder is written to; WeChat is asked for a token,
    /// and what the account may do. Works while the account is disabled or suspended, and changes neither.
    #[command(after_help = "Examples:\n  contenthub account test blog")]
    Test { account: String },
    /// Show the coming posting slots of an account, and what sits in them
    #[command(after_help = "Examples:\n  contenthub account slots site --count 10")]
    Slots {
        account: String,
        /// How many, 1 to 200
        #[arg(long, value_name = "N")]
        count: Option<i64>,
        /// From this time on (default: now)
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
    },
    /// Stop publishing on an account
    #[command(
        after_help = "Examples:\n  contenthub account suspend blog --reason \"on holiday\" --until \"2027-01-07 08:00\""
    )]
    Suspend {
        account: String,
        #[arg(long)]
        reason: String,
        /// It resumes by itself then
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Publish on it again
    #[command(after_help = "Examples:\n  contenthub account resume blog")]
    Resume { account: String },
    /// Remove an account without open entries; its other entries go with it, the publish log stays
    #[command(after_help = "Examples:\n  contenthub account delete spare")]
    Delete { account: String },
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Part of the name
    #[arg(long)]
    name: Option<String>,
    /// Only those of this platform
    #[arg(long)]
    platform: Option<String>,
    /// Only those that are enabled, or that are not
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    name: Option<String>,
    /// webhook (settings url, deduplicates, timeout_seconds; credential secret=whsec_… signs each post), folder
    /// (setting site), or wechat (settings appid, mode and others; credential app_secret)
    #[arg(long)]
    platform: Option<String>,
    /// NAME=VALUE; may be given several times
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// NAME=@FILE, NAME=- for standard input, or NAME=VALUE, which others on this machine can see; kept encrypted
    #[arg(long = "credential", value_name = "NAME=VALUE")]
    credentials: Vec<String>,
    /// Zone of its times
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Attempts that it may have on the wire at once, 1 to 1024
    #[arg(long, value_name = "N")]
    at_once: Option<i32>,
    #[command(flatten, next_help_heading = "When its posts go out")]
    lane: LaneArguments,
    /// After an attempt whose end nobody saw, on a platform that cannot tell: ask a person, or retry
    #[arg(long, default_value = "ask", value_name = "ask|retry")]
    on_unknown: OnUnknown,
    /// A post whose text was published on it within 30 days, or waits for it: take it with a warning, or refuse it
    #[arg(long, default_value = "warn", value_name = "warn|refuse")]
    on_similar: OnSimilar,
    #[arg(long)]
    disabled: bool,
}

#[derive(Debug, clap::Args)]
pub struct UpdateArguments {
    account: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Replaces all credentials; written as for create
    #[arg(long = "credential", value_name = "NAME=VALUE")]
    credentials: Vec<String>,
    #[arg(long)]
    enabled: Option<bool>,
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    #[arg(long, value_name = "N")]
    at_once: Option<i32>,
    #[command(flatten, next_help_heading = "When its posts go out")]
    lane: LaneArguments,
    #[arg(long, value_name = "ask|retry")]
    on_unknown: Option<OnUnknown>,
    #[arg(long, value_name = "warn|refuse")]
    on_similar: Option<OnSimilar>,
}

// What is said here above its fields, clap would say of the whole command.
#[derive(Debug, clap::Args)]
pub struct LaneArguments {
    /// Only at these times of its zone: 08:00-23:00, "mon-fri 08:00-23:00", or "sat,sun 22:00-02:00" (over midnight); may
    /// be given several times, and replaces those before; none: at any time
    #[arg(long = "window", value_name = "WINDOW|none")]
    windows: Vec<String>,
    /// At least so long from one post to the next, e.g. 900 for a quarter of an hour, one at a time; none: at once
    #[arg(long, value_name = "SECONDS|none")]
    spacing_seconds: Option<NumberOrNone>,
    /// At most so many posts a day of its zone, 1 to 1000000; none: any number
    #[arg(long, value_name = "N|none")]
    daily_cap: Option<NumberOrNone>,
    /// Posts fail when their platform has been down for so long [default: 86400, a day]
    #[arg(long, value_name = "SECONDS")]
    give_up_after_seconds: Option<i64>,
    /// A post that is later than this fails instead of going out, e.g. 3600 for news; none: it goes out late
    #[arg(long, value_name = "SECONDS|none")]
    late_after_seconds: Option<NumberOrNone>,
    /// Posting slots, times of its zone at which one post each goes out: 09:00, "mon-fri 09:00,18:00", or "sat,sun
    /// 10:30"; may be given several times, and replaces those before; none: it has no slots
    #[arg(long = "slots", value_name = "SLOTS|none")]
    slots: Vec<String>,
    /// A post that was not sent within five minutes of its slot goes out late, or sits in the next free slot [default:
    /// late]
    #[arg(long, value_name = "late|next")]
    missed_slot: Option<MissedSlot>,
}

impl LaneArguments {
    fn changes(self) -> LaneChanges {
        let all = |given: Vec<String>| match &given[..] {
            [] => None,
            [only] if only == NONE => Some(Vec::new()),
            _ => Some(given),
        };
        LaneChanges {
            spacing_seconds: self.spacing_seconds.map(|it| it.0.unwrap_or(0)),
            daily_cap: self.daily_cap.map(|it| it.0),
            windows: all(self.windows),
            give_up_after_seconds: self.give_up_after_seconds,
            late_after_seconds: self.late_after_seconds.map(|it| it.0),
            slots: all(self.slots),
            missed_slot: self.missed_slot,
        }
    }
}

/// What takes a limit away.
const NONE: &str = "none";

/// A limit, or that there is to be none.
#[derive(Debug, Clone, Copy)]
struct NumberOrNone(Option<i64>);

impl FromStr for NumberOrNone {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        if text == NONE {
            return Ok(NumberOrNone(None));
        }
        text.parse().map(|number| NumberOrNone(Some(number))).map_err(|_| WrongValue::NeitherNumberNorNone)
    }
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::List(arguments) => list(arguments, app, out),
        Command::Create(arguments) => create(arguments, app, out),
        Command::Show { account } => show(app.run(FindAccount(account))?, out),
        Command::Update(arguments) => update(arguments, app, out),
        Command::Test { account } => super::account_test::run(account, app, out),
        Command::Slots { account, count, from } => {
            let id = app.run(FindAccount(account))?.id;
            let from = time(app, from.as_deref())?;
            super::slots::show(app.run(ListSlots { account: id, from, count })?, out)
        }
        Command::Suspend { account, reason, until } => {
            let id = app.run(FindAccount(account))?.id;
            let until = time(app, until.as_deref())?;
            show(app.change(SuspendAccount { id, reason, until })?, out)
        }
        Command::Resume { account } => {
            let id = app.run(FindAccount(account))?.id;
            show(app.change(ResumeAccount(id))?, out)
        }
        Command::Delete { account } => {
            let row = app.run(FindAccount(account))?;
            app.change(DeleteAccount(row.id))?;
            let said = Sentence::new(message("done-account-gone"));
            out.tell(
                &said.with("account", row.id.to_string()).with("name", row.name),
                &json!({"deleted": row.id}),
            )
        }
    }
}

fn show(row: crate::db::accounts::AccountRow, out: &Output) -> Result<Done, Failure> {
    out.one(&json!(AccountView::from(row)))
}

fn list(arguments: ListArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let ListArguments { name, platform, enabled, page, page_size } = arguments;
    let filter = Filter { name, platform, enabled, ..Filter::default() };
    let paging = Paging::new(page, page_size)?;
    let page = app.run(ListAccountPage { filter, paging })?.map(|row| json!(AccountView::from(row)));
    let columns = [
        ("ID", "id"),
        ("NAME", "name"),
        ("PLATFORM", "platform"),
        ("ENABLED", "enabled"),
        ("SUSPENDED", "suspended_reason"),
        ("AT ONCE", "concurrency"),
        ("SECRETS", "credentials_set"),
    ];
    out.page(&columns, &page.items, &page)
}

fn create(arguments: CreateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    super::refuse_setting_flag("concurrency", "--at-once")?;
    let asked = match (&arguments.name, &arguments.platform) {
        (Some(name), Some(platform)) => {
            let schema = schema_of(app, platform);
            Asked {
                name: name.clone(),
                platform: platform.clone(),
                settings: settings(&arguments.settings, Map::new(), &schema)?,
                credentials: credentials(&arguments.credentials)?,
            }
        }
        (None, None) if ask::is_possible() => ask::account(app, out)?,
        (_, _) => {
            return Err(UsageError::NoAccount.into());
        }
    };
    let settings = Value::Object(asked.settings);
    let platform = app.context().registry.get(&asked.platform);
    let class = platform.map(|platform| platform.delivery_class(&settings));
    let create = CreateAccount {
        settings,
        credentials: asked.credentials,
        enabled: !arguments.disabled,
        timezone: arguments.zone,
        concurrency: arguments.at_once,
        lane: arguments.lane.changes(),
        on_unknown: arguments.on_unknown,
        on_similar: arguments.on_similar,
        ..CreateAccount::new(asked.name, asked.platform)
    };
    let view = AccountView::from(app.change(create)?);
    if class == Some(DeliveryClass::Keyed) && view.platform == "webhook" {
        eprintln!("{}", out.words(&message("note-deduplicates").into()));
    }
    let said = Sentence::new(message("done-account-made"));
    out.tell(&said.with("account", view.id.to_string()).with("name", view.name.as_str()), &json!(view))
}

fn update(arguments: UpdateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    super::refuse_setting_flag("concurrency", "--at-once")?;
    super::refuse_setting_flag("timezone", "--zone")?;
    let row = app.run(FindAccount(arguments.account))?;
    let kept = serde_json::from_str::<Map<String, Value>>(&row.settings).unwrap_or_default();
    let changed = !arguments.settings.is_empty();
    let schema = schema_of(app, &row.platform);
    let update = UpdateAccount {
        name: arguments.name,
        settings: changed
            .then(|| settings(&arguments.settings, kept, &schema).map(Value::Object))
            .transpose()?,
        credentials: (!arguments.credentials.is_empty())
            .then(|| credentials(&arguments.credentials))
            .transpose()?,
        enabled: arguments.enabled,
        timezone: arguments.zone,
        concurrency: arguments.at_once,
        lane: arguments.lane.changes(),
        on_unknown: arguments.on_unknown,
        on_similar: arguments.on_similar,
        ..UpdateAccount::new(row.id)
    };
    show(app.change(update)?, out)
}

fn schema_of(app: &App, platform: &str) -> Value {
    let platform = app.context().registry.get(platform);
    platform.map(|platform| platform.settings_schema()).unwrap_or_default()
}

fn settings(
    pairs: &[String],
    mut kept: Map<String, Value>,
    schema: &Value,
) -> Result<Map<String, Value>, Failure> {
    for pair in pairs {
        let (name, text) = split(pair, Pair::Setting)?;
        kept.insert(name.to_owned(), setting(text, &schema["properties"][name]["type"]));
    }
    Ok(kept)
}

/// Text, unless the platform wants something else here and this can be read as such: a title may well be “2026”.
pub(super) fn setting(text: &str, wanted: &Value) -> Value {
    let is_text = wanted == "string" || wanted.as_array().is_some_and(|all| all.contains(&json!("string")));
    let read = if is_text { None } else { serde_json::from_str(text).ok() };
    read.unwrap_or_else(|| Value::from(text))
}

fn credentials(pairs: &[String]) -> Result<Credentials, Failure> {
    let mut credentials = Credentials::default();
    for pair in pairs {
        let (name, text) = split(pair, Pair::Credential)?;
        let secret = match text.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| UsageError::File { path: path.into(), source })?,
            None if text == "-" => {
                let mut read = String::new();
                std::io::stdin().read_to_string(&mut read)?;
                read
            }
            None => text.to_owned(),
        };
        credentials.0.insert(name.to_owned(), secret.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(credentials)
}

/// The part after `=` may be a secret, so it is never repeated.
pub(super) fn split(pair: &str, what: Pair) -> Result<(&str, &str), UsageError> {
    pair.split_once('=').ok_or(UsageError::NoPair(what))
}
