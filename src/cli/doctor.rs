//! `contenthub doctor`: whether an installation works, and what to do where it does not. Publishes nothing, and makes
//! nothing that is not there.

mod accounts;
mod database;
mod machine;

use super::output::{self, Output, harmless};
use super::{Done, Failure};
use crate::app::App;
use crate::config::{HiddenText, Settings};
use crate::operations::doctor::Examine;
use crate::secrets;
use crate::words::errors::InChinese;
use crate::words::{Language, Sentence, message};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not ask the platforms of the accounts
    #[arg(long)]
    offline: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Ok,
    /// It works, and may not for long, or not as somebody thinks.
    Warn,
    Fail,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable: scripts may compare it.
    pub check: &'static str,
    pub health: Health,
    pub said: Sentence,
    /// What a person can do, where something is to be done.
    pub todo: Option<Sentence>,
}

impl Finding {
    fn ok(check: &'static str, said: Sentence) -> Self {
        Finding { check, health: Health::Ok, said, todo: None }
    }

    fn warn(check: &'static str, said: Sentence, todo: Sentence) -> Self {
        Finding { check, health: Health::Warn, said, todo: Some(todo) }
    }

    fn fail(check: &'static str, said: Sentence, todo: Sentence) -> Self {
        Finding { check, health: Health::Fail, said, todo: Some(todo) }
    }
}

pub fn run(arguments: &Arguments, settings: Settings, out: &Output) -> Result<Done, Failure> {
    let mut findings = machine::all(&settings);
    let (of_database, is_fit) = database::look(&settings);
    findings.extend(of_database);
    // What is behind is left as it is: the look must not change what is looked at.
    if is_fit {
        findings.extend(inside(arguments, settings)?);
    }
    tell(&findings, out)?;
    let failed = findings.iter().filter(|it| it.health == Health::Fail).count();
    if failed == 0 { Ok(Done::Well) } else { Err(Failure::Unhealthy(failed)) }
}

fn inside(arguments: &Arguments, settings: Settings) -> Result<Vec<Finding>, Failure> {
    let database = settings.database.clone();
    // One that is not there is not made by looking: another takes its place, for this look alone.
    let key_is_missing = settings.secret_key.is_none() && !machine::key_path(&settings).exists();
    let stand_in = || HiddenText(secrets::random_hex(32));
    let path = machine::key_path(&settings);
    let settings = match key_is_missing {
        true => Settings { secret_key: Some(stand_in()), ..settings },
        false => settings,
    };
    let app = match App::open(settings) {
        Ok(app) => app,
        Err(error) => {
            let said = Sentence::new(message("doctor-not-opened")).with("error", error.value());
            return Ok(vec![Finding::fail("key", said, Sentence::new(message("doctor-not-opened-do")))]);
        }
    };
    let mut examined = app.run(Examine)?;
    examined.status =
        examined.status.find_the_living(&database).map_err(crate::operations::OperationError::from)?;
    let mut findings = match key_is_missing {
        true => vec![machine::missing_key(&path, examined.sealed_with.as_deref())],
        false => vec![database::key(&examined)],
    };
    findings.extend(database::inside(&examined));
    findings.extend(accounts::all(&app, &examined, arguments.offline)?);
    Ok(findings)
}

fn tell(findings: &[Finding], out: &Output) -> Result<Done, Failure> {
    let count = |health| findings.iter().filter(|it| it.health == health).count();
    let english = |said: &Sentence| said.say(Language::En);
    let whole: Vec<Value> = findings
        .iter()
        .map(|it| {
            let todo = it.todo.as_ref().map(english);
            json!({"check": it.check, "health": it.health, "message": english(&it.said), "todo": todo})
        })
        .collect();
    if !out.is_table() {
        let columns = [("", "check"), ("", "health"), ("", "message"), ("", "todo")];
        let ok = count(Health::Fail) == 0;
        return out.list(&columns, &whole, &json!({"ok": ok, "checks": whole}));
    }
    let rows: Vec<Value> = findings
        .iter()
        .map(|it| {
            let todo = it.todo.as_ref().map(|todo| format!("\n→ {}", out.words(todo))).unwrap_or_default();
            json!({"health": it.health, "check": it.check, "said": out.words(&it.said) + &todo})
        })
        .collect();
    let table = out.table(&[("STATE", "health"), ("CHECK", "check"), ("FOUND", "said")], &rows);
    let sum = Sentence::new(message("doctor-sum"))
        .with("ok", count(Health::Ok).to_string())
        .with("warn", count(Health::Warn).to_string())
        .with("fail", count(Health::Fail).to_string());
    output::write(&format!("{table}\n{}\n", harmless(&out.words(&sum))))
}
