//! `/tokens`: who may come.

use super::creating::Creating;
use super::input;
use super::problem::{Answer, Problem};
use super::roles::{Caller, asks, needs};
use super::{Api, page_of_all, paging};
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::domain::time_input;
use crate::operations::Context;
use crate::operations::token::{CreateToken, DeleteToken, Expiry, ListTokens};
use crate::views::TokenView;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/tokens")
                .route(asks(Role::Admin, web::get().to(list)))
                .route(needs(Role::Admin, web::post().to(create))),
        )
        .service(web::resource("/tokens/{id}").route(needs(Role::Admin, web::delete().to(delete))));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    name: String,
    role: Role,
    account_ids: Option<Vec<AccountId>>,
    expires_at: Option<String>,
    expires_in: Option<String>,
}

async fn create(api: web::Data<Api>, caller: Caller, asked: Creating<CreateBody>) -> Answer {
    let body = asked.body;
    let expires_at = input::optional_time("expires_at", body.expires_at.as_deref(), api.cx.timezone)?;
    let span = body.expires_in.as_deref().map(time_input::parse_span).transpose();
    let span = span.map_err(|error| Problem::field("expires_in", error.to_string()))?;
    let expiry = match (expires_at, span) {
        (Some(_), Some(_)) => return Err(Problem::field("expires_in", "does not go with expires_at")),
        (Some(at), None) => Expiry::At(at),
        (None, Some(span)) => Expiry::In(span),
        (None, None) => Expiry::Never,
    };
    let create = CreateToken { name: body.name, role: body.role, accounts: body.account_ids, expiry };
    let shape = |(row, token), _: &Context, _| json!(TokenView::new(row, Some(token)));
    asked.request.once(&api, StatusCode::CREATED, caller.does(create), shape).await
}

async fn list(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let paging = paging(&request)?;
    let all = api.db.perform(ListTokens).await?;
    Ok(HttpResponse::Ok().json(page_of_all(all, paging, |row| json!(TokenView::new(row, None)))))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteToken(input::id("token", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}
