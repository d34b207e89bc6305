//! Who may do what: a bearer token on every route of the API, a role for each, and the accounts that a token is for.

use super::Api;
use super::client::client_address;
use super::problem::Problem;
use super::query::query;
use super::routes::Takes;
use crate::domain::actor::{Actor, Place};
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::thing::Thing;
use crate::operations::OperationError;
use crate::operations::acting::{As, Change};
use crate::operations::token::{Recognise, is_like_one};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, Route, web};
use serde::Deserialize;
use std::fmt;
use std::future::{Ready, ready};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub role: Role,
}

impl Caller {
    /// A change, as this caller's: kept within their accounts, and written down as theirs.
    pub fn does<C: Change>(&self, change: C) -> As<C> {
        As { actor: self.actor.clone(), change }
    }

    pub fn name(&self) -> String {
        self.actor.name.clone()
    }

    pub fn scope(&self) -> &Scope {
        &self.actor.scope
    }

    /// What belongs to another account is answered as if it were not there.
    pub fn sees(
        &self,
        account: AccountId,
        thing: Thing,
        id: impl fmt::Display,
    ) -> Result<(), OperationError> {
        if self.actor.scope.sees(account) { Ok(()) } else { Err(OperationError::not_found(thing, id)) }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Caller, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Caller>().cloned().ok_or_else(missing))
    }
}

impl Takes for Caller {}

fn missing() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "this needs a token: Authorization: Bearer cht_…")
        .hint("Make one with: contenthub token create --name NAME --role ROLE")
}

/// Finds out who calls, before anything of the body is read.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim().to_owned())
        .ok_or_else(missing)?;
    let api = request.app_data::<web::Data<Api>>().ok_or_else(missing)?.clone();
    let caller = recognised(token, &request, &api).await?;
    request.extensions_mut().insert(caller);
    next.call(request).await
}

/// The token comes first: whoever has a right one is not asked what others from the same address have tried.
async fn recognised(token: String, request: &ServiceRequest, api: &Api) -> Result<Caller, Problem> {
    let known = match is_like_one(&token) {
        true => Option::clone(&*api.tokens.ask(Recognise { token }).await?),
        false => None,
    };
    let address = client_address(request.request(), api);
    let row = known.ok_or_else(|| match api.wrong_tokens.count(Some(address), api.clock.monotonic()) {
        None => {
            Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "this token is not known, or was revoked")
        }
        Some(wait) => {
            let detail = "too many wrong tokens came from your address; a right one is taken at any time";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_tokens", detail).wait(wait)
        }
    })?;
    let now = api.clock.now();
    if row.has_expired(now) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "token_expired", "this token has expired")
            .hint("Make another one with: contenthub token create --name NAME --role ROLE"));
    }
    api.rates.count(row.id)?;
    api.token_uses.note(&row, now);
    let place = Place::Address(address);
    let (role, scope) = (row.role, row.scope());
    Ok(Caller { actor: Actor { name: row.name, token: Some(row.id), place, scope }, role })
}

/// Refuses any query, before anything of the body is read: a word that nobody reads may have been meant to change what is
/// done.
pub fn without_query(route: Route) -> Route {
    route.wrap(from_fn(|request: ServiceRequest, next: Next<BoxBody>| async move {
        let Nothing { .. } = query(request.request())?;
        next.call(request).await
    }))
}

/// Nothing can be asked, but for the language of the answer, which [`Reader`](super::language::Reader) reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {
    #[serde(rename = "lang")]
    _lang: Option<String>,
}

/// Which accounts a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// All, or what they have in common: no token that is for some accounts only may ask.
    All,
    /// Those of its caller: the route keeps within them.
    Own,
}

/// Refuses callers whose role does not suffice, and those who are for some accounts only, before anything of the body is
/// read.
pub fn guarded(least: Role, concern: Concern, route: Route) -> Route {
    route.wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| async move {
        let refused = match request.extensions().get::<Caller>() {
            None => Some(missing()),
            Some(caller) if caller.role < least => Some(forbidden(caller.role, least)),
            Some(caller) => out_of_scope(caller.scope(), concern),
        };
        match refused {
            Some(problem) => Err(problem.into()),
            None => next.call(request).await,
        }
    }))
}

fn forbidden(role: Role, least: Role) -> Problem {
    let detail = format!("this needs the role {least}; the token has the role {role}");
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

fn out_of_scope(scope: &Scope, concern: Concern) -> Option<Problem> {
    match (scope, concern) {
        (Scope::Everything, _) | (_, Concern::Own) => None,
        (Scope::Accounts(_), Concern::All) => {
            let detail = format!("this concerns all accounts; the token is for {scope} only");
            Some(Problem::new(StatusCode::FORBIDDEN, "out_of_scope", detail))
        }
    }
}
