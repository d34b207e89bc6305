//! Who may do what: a bearer token on every route of the API, and a role for each.

use super::Api;
use super::problem::Problem;
use super::query::query;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use crate::operations::token::Recognise;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, Route, web};
use serde::Deserialize;
use std::future::{Ready, ready};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Caller, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Caller>().cloned().ok_or_else(missing))
    }
}

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
    let known = api.tokens.ask(Recognise { token }).await.map_err(Problem::from)?;
    let known = known.as_ref().as_ref().ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "this token is not known, or was revoked")
    })?;
    api.rates.count(known.id)?;
    request.extensions_mut().insert(Caller { id: known.id, name: known.name.clone(), role: known.role });
    next.call(request).await
}

/// Refuses callers whose role does not suffice, before anything of the body is read, and any query: a word that nobody
/// reads may have been meant to change what is done.
pub fn needs(least: Role, route: Route) -> Route {
    let no_query = from_fn(|request: ServiceRequest, next: Next<BoxBody>| async move {
        let Nothing { .. } = query(request.request())?;
        next.call(request).await
    });
    // What is wrapped last comes first.
    asks(least, route.wrap(no_query))
}

/// Nothing can be asked, but for the language of the answer, which [`Reader`](super::language::Reader) reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {
    #[serde(rename = "lang")]
    _lang: Option<String>,
}

/// The same for a route that reads its query itself.
pub fn asks(least: Role, route: Route) -> Route {
    route.wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| async move {
        let role = request.extensions().get::<Caller>().map(|caller| caller.role);
        match role {
            Some(role) if role >= least => next.call(request).await,
            Some(role) => Err(forbidden(role, least).into()),
            None => Err(missing().into()),
        }
    }))
}

fn forbidden(role: Role, least: Role) -> Problem {
    let detail = format!("this needs the role {least}; the token has the role {role}");
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}
