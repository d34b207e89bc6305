//! All accounts, the clock's time, and the one place where a request gets its answer.

use super::account::{Account, Around};
use super::behaviour::Behaviour;
use super::faults::{Answer, Effect, Faults};
use super::interface::Interface;
use super::ledger::{Call, Ledger, Told};
use super::numbers::Numbers;
use super::publications::End;
use super::refusal::{
    ACCESS_TOKEN_MISSING, APPID_MISSING, APPSECRET_MISSING, INVALID_ACCESS_TOKEN, INVALID_APPID,
    INVALID_APPSECRET, INVALID_CREDENTIAL, INVALID_GRANT_TYPE, Refusal, SYSTEM_ERROR,
};
use super::request::Request;
use super::tokens::{Handed, Refresh};
use contenthub::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// No token of WeChat's is longer.
const TOKEN_MAX_BYTES: usize = 512;

/// What goes back over the connection.
#[derive(Debug)]
pub enum Reply {
    Json(Value),
    BadGateway,
    Hang,
    Reset,
}

#[derive(Debug, Default)]
pub struct World {
    /// By appid.
    pub accounts: BTreeMap<String, Account>,
    pub behaviour: Behaviour,
    pub faults: Faults,
    pub ends: VecDeque<End>,
    pub ledger: Ledger,
    numbers: Numbers,
}

impl World {
    pub fn reply(&mut self, request: &Request, now: Timestamp) -> Reply {
        let appid = self.caller(request);
        let fault = self.faults.take(request.interface, appid.as_deref());
        let answered = match fault.as_ref().map_or(Effect::Done, |fault| fault.effect) {
            Effect::Done => self.answer(request, now),
            Effect::NotDone => Err(SYSTEM_ERROR),
        };
        let effect = if answered.is_ok() { Effect::Done } else { Effect::NotDone };
        let (reply, told) = match fault.map(|fault| fault.answer) {
            None => self.told(answered),
            Some(Answer::Refusal(refusal)) => self.told(Err(refusal)),
            Some(Answer::NotInWhitelist) => self.told(Err(Refusal::not_in_whitelist(request.peer))),
            Some(Answer::BadGateway) => (Reply::BadGateway, Told::Nothing),
            Some(Answer::Hangs) => (Reply::Hang, Told::Nothing),
            Some(Answer::Reset) => (Reply::Reset, Told::Nothing),
        };
        let token = request.access_token().map(str::to_owned);
        let Request { interface, peer, .. } = *request;
        self.ledger.calls.push(Call { interface, appid, token, peer, at: now, effect, told });
        reply
    }

    /// An answer to what is no request of any interface.
    pub fn refuse(&mut self, refusal: Refusal) -> Reply {
        self.told(Err(refusal)).0
    }

    /// What is over by now has ended: readers see it.
    pub fn settle(&mut self, now: Timestamp) {
        for account in self.accounts.values_mut() {
            self.ledger.visible.extend(account.settle(now));
        }
    }

    fn told(&mut self, answered: Result<Value, Refusal>) -> (Reply, Told) {
        match answered {
            Ok(value) => (Reply::Json(value), Told::Code(0)),
            Err(Refusal { code, message }) => {
                let message = format!("{message} rid: {}", self.numbers.request_id());
                (Reply::Json(json!({"errcode": code, "errmsg": message})), Told::Code(code))
            }
        }
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Result<Value, Refusal> {
        match request.interface {
            Interface::StableToken => {
                let asked = request.json()?;
                let refresh = match asked.get("force_refresh").and_then(Value::as_bool) {
                    Some(true) => Refresh::Forced,
                    Some(false) | None => Refresh::WhenDue,
                };
                let lifetime = self.behaviour.token_lifetime;
                let id = self.numbers.id("token");
                let account = self.known(request, |name| asked[name].as_str().map(str::to_owned), now)?;
                Ok(handed(&account.tokens.stable(refresh, lifetime, || id, now)?))
            }
            Interface::Token => {
                let lifetime = self.behaviour.token_lifetime;
                let id = self.numbers.id("token");
                let account = self.known(request, |name| request.query.get(name).cloned(), now)?;
                Ok(handed(&account.tokens.ordinary(lifetime, id, now)))
            }
            _ => {
                let account = entitled(&mut self.accounts, request.access_token(), now)?;
                let (numbers, ends) = (&mut self.numbers, &mut self.ends);
                account.answer(request, &mut Around { behaviour: &self.behaviour, numbers, ends, now })
            }
        }
    }

    /// The account that asks for a token, and proves to be it.
    fn known(
        &mut self,
        request: &Request,
        given: impl Fn(&str) -> Option<String>,
        now: Timestamp,
    ) -> Result<&mut Account, Refusal> {
        if given("grant_type").as_deref() != Some("client_credential") {
            return Err(INVALID_GRANT_TYPE);
        }
        let appid = given("appid").ok_or(APPID_MISSING)?;
        let secret = given("secret").ok_or(APPSECRET_MISSING)?;
        let account = self.accounts.get_mut(&appid).ok_or(INVALID_APPID)?;
        if account.secret != secret {
            return Err(INVALID_APPSECRET);
        }
        if self.behaviour.whitelist.as_ref().is_some_and(|list| !list.contains(&request.peer)) {
            return Err(Refusal::not_in_whitelist(request.peer));
        }
        account.quotas.take(request.interface, now)?;
        Ok(account)
    }

    /// Who says to be asking.
    fn caller(&self, request: &Request) -> Option<String> {
        match request.interface {
            Interface::StableToken => request.json().ok()?["appid"].as_str().map(str::to_owned),
            Interface::Token => request.query.get("appid").cloned(),
            _ => {
                let token = request.access_token()?;
                let owner = self.accounts.values().find(|account| account.tokens.has(token));
                owner.map(|account| account.appid.clone())
            }
        }
    }
}

/// The account whose token this is.
fn entitled<'a>(
    accounts: &'a mut BTreeMap<String, Account>,
    token: Option<&str>,
    now: Timestamp,
) -> Result<&'a mut Account, Refusal> {
    let token = token.ok_or(ACCESS_TOKEN_MISSING)?;
    if token.len() > TOKEN_MAX_BYTES {
        return Err(INVALID_ACCESS_TOKEN);
    }
    let account = accounts.values_mut().find(|account| account.tokens.has(token));
    let account = account.ok_or(INVALID_CREDENTIAL)?;
    account.tokens.check(token, now)?;
    Ok(account)
}

fn handed(token: &Handed) -> Value {
    json!({"access_token": token.text, "expires_in": token.expires_in.as_secs()})
}
