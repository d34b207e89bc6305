//! What goes wrong: for the next so many requests of an interface, and then no longer.

use super::interface::Interface;
use super::refusal::{DAILY_QUOTA, MINUTE_QUOTA, Refusal, SYSTEM_ERROR};
use serde::{Deserialize, Serialize};

/// What happens to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub effect: Effect,
    pub answer: Answer,
}

/// Whether what was asked for is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Done,
    NotDone,
}

/// What the client gets to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing, until [`super::WeChat::release`] lets the connection end.
    Hangs,
    /// The connection is reset.
    Reset,
    Refusal(Refusal),
    /// 40164, with the address that the request came from.
    NotInWhitelist,
    /// Status 502, with a page of HTML: what a gateway between says.
    BadGateway,
}

impl Fault {
    pub fn hangs(effect: Effect) -> Self {
        Fault { effect, answer: Answer::Hangs }
    }

    pub fn reset(effect: Effect) -> Self {
        Fault { effect, answer: Answer::Reset }
    }

    /// -1: WeChat does not say whether it is done.
    pub fn system_error(effect: Effect) -> Self {
        Fault { effect, answer: Answer::Refusal(SYSTEM_ERROR) }
    }

    pub fn bad_gateway(effect: Effect) -> Self {
        Fault { effect, answer: Answer::BadGateway }
    }

    /// Any code at all, with nothing done.
    pub fn refusal(refusal: Refusal) -> Self {
        Fault { effect: Effect::NotDone, answer: Answer::Refusal(refusal) }
    }

    /// 45011: too many in a minute.
    pub fn busy() -> Self {
        Fault::refusal(MINUTE_QUOTA)
    }

    /// 45009: too many today.
    pub fn quota() -> Self {
        Fault::refusal(DAILY_QUOTA)
    }

    pub fn not_in_whitelist() -> Self {
        Fault { effect: Effect::NotDone, answer: Answer::NotInWhitelist }
    }
}

/// For which requests, and how many of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    pub interface: Interface,
    /// Of any account where it is none.
    #[serde(default)]
    pub appid: Option<String>,
    pub times: u32,
    pub fault: Fault,
}

#[derive(Debug, Default)]
pub struct Faults(Vec<Planned>);

impl Faults {
    pub fn plan(&mut self, planned: Planned) {
        self.0.push(planned);
    }

    /// The fault of this request, and one less to come. Those planned first come first.
    pub fn take(&mut self, interface: Interface, appid: Option<&str>) -> Option<Fault> {
        let fits = |one: &&mut Planned| {
            one.times > 0
                && one.interface == interface
                && (one.appid.is_none() || one.appid.as_deref() == appid)
        };
        let planned = self.0.iter_mut().find(fits)?;
        planned.times -= 1;
        Some(planned.fault.clone())
    }

    /// How many are still to come.
    pub fn left(&self) -> u32 {
        self.0.iter().map(|planned| planned.times).sum()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
