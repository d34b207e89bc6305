//! `/tokens`: who may come.

use super::creating::Creating;
use super::input;
use super::problem::Answer;
use super::roles::{asks, needs};
use super::{Api, page_of_all, paging};
use crate::domain::role::Role;
use crate::operations::Context;
use crate::operations::token::{CreateToken, DeleteToken, ListTokens};
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
}

async fn create(api: web::Data<Api>, asked: Creating<CreateBody>) -> Answer {
    let create = CreateToken { name: asked.body.name, role: asked.body.role };
    let shape = |(row, token), _: &Context, _| json!(TokenView::new(row, Some(token)));
    asked.request.once(&api, StatusCode::CREATED, create, shape).await
}

async fn list(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let paging = paging(&request)?;
    let all = api.db.perform(ListTokens).await?;
    Ok(HttpResponse::Ok().json(page_of_all(all, paging, |row| json!(TokenView::new(row, None)))))
}

async fn delete(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    api.db.perform(DeleteToken(input::id("token", &path)?)).await?;
    Ok(HttpResponse::NoContent().finish())
}
