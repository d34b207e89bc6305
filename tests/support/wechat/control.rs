//! The switches over HTTP, for whoever drives a simulator in another process: `POST /simulator` with a [`Command`], and
//! `GET /simulator` for all that was counted. Nothing of this is WeChat's.

use super::account::{Account, Rights};
use super::behaviour::{Counted, DraftLeaves, Resubmission};
use super::connection::Shared;
use super::faults::Planned;
use super::interface::Interface;
use super::pictures::Upload;
use super::publications::End;
use super::quotas::Span;
use super::world::World;
use crate::support::http_message::Message;
use contenthub::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

pub const PATH: &str = "/simulator";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Lets time pass.
    Forward {
        seconds: u64,
    },
    Account {
        appid: String,
        secret: String,
        rights: Rights,
    },
    Fault(Planned),
    /// How the next publications end.
    End {
        times: usize,
        end: End,
    },
    /// The most requests in a day.
    Quota {
        appid: String,
        interface: Interface,
        times: u64,
    },
    RevokeTokens {
        appid: String,
    },
    Behave(Change),
    /// Lets those go that hang.
    Release,
}

/// What is to change of [`super::behaviour::Behaviour`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    pub token_lifetime_seconds: Option<u64>,
    pub publication_takes_seconds: Option<u64>,
    pub listed_after_seconds: Option<u64>,
    pub latency_ms: Option<u64>,
    pub resubmission: Option<Resubmission>,
    pub draft_leaves: Option<DraftLeaves>,
    pub counted: Option<Counted>,
}

/// The answer, where this is for the simulator itself.
pub fn answer(message: &Message, shared: &Shared) -> Option<Value> {
    let mut words = message.start.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    if path != PATH {
        return None;
    }
    if method == "GET" {
        let hanging = shared.lock().hanging;
        return Some(shared.now(|world, _| counted(world, hanging)));
    }
    Some(match serde_json::from_slice(&message.body) {
        Ok(command) => {
            carry_out(command, shared);
            json!({"done": true})
        }
        Err(error) => json!({"error": error.to_string()}),
    })
}

fn carry_out(command: Command, shared: &Shared) {
    match command {
        Command::Forward { seconds } => shared.clock.forward(Duration::from_secs(seconds)),
        Command::Release => shared.release(),
        command => shared.now(|world, now| change(world, command, now)),
    }
}

/// What a command does to the world.
fn change(world: &mut World, command: Command, now: Timestamp) {
    match command {
        // These are not of the world.
        Command::Forward { .. } | Command::Release => {}
        Command::Account { appid, secret, rights } => {
            world.accounts.insert(appid.clone(), Account::new(&appid, &secret, rights));
        }
        Command::Fault(planned) => world.faults.plan(planned),
        Command::End { times, end } => world.ends.extend(std::iter::repeat_n(end, times)),
        Command::Quota { appid, interface, times } => {
            if let Some(account) = world.accounts.get_mut(&appid) {
                account.quotas.limit(interface, Span::Day, times);
            }
        }
        Command::RevokeTokens { appid } => {
            if let Some(account) = world.accounts.get_mut(&appid) {
                account.tokens.revoke(now);
            }
        }
        Command::Behave(change) => behave(world, &change),
    }
}

fn behave(world: &mut World, change: &Change) {
    let behaviour = &mut world.behaviour;
    let span = |to: &mut Duration, seconds: Option<u64>| *to = seconds.map_or(*to, Duration::from_secs);
    span(&mut behaviour.token_lifetime, change.token_lifetime_seconds);
    span(&mut behaviour.publication_takes, change.publication_takes_seconds);
    span(&mut behaviour.listed_after, change.listed_after_seconds);
    behaviour.latency = change.latency_ms.map_or(behaviour.latency, Duration::from_millis);
    behaviour.resubmission = change.resubmission.unwrap_or(behaviour.resubmission);
    behaviour.draft_leaves = change.draft_leaves.unwrap_or(behaviour.draft_leaves);
    behaviour.counted = change.counted.unwrap_or(behaviour.counted);
}

fn counted(world: &World, hanging: usize) -> Value {
    let uploads: Vec<&Upload> = world.accounts.values().flat_map(|account| &account.uploads).collect();
    let drafts = |account: &Account| {
        let view = |draft: &super::drafts::Draft| {
            let articles = draft.articles.iter();
            let articles: Vec<Value> =
                articles.map(|it| json!({"title": it.title, "stripped": it.stripped})).collect();
            json!({"appid": account.appid, "media_id": draft.media_id, "articles": articles})
        };
        account.drafts.all().iter().map(view).collect::<Vec<Value>>()
    };
    json!({
        "calls": world.ledger.calls,
        "visible": world.ledger.visible,
        "uploads": uploads,
        "drafts": world.accounts.values().flat_map(drafts).collect::<Vec<Value>>(),
        "faults_left": world.faults.left(),
        "hanging": hanging,
    })
}
