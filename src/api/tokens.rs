//! `/tokens`: who may come.

use super::Api;
use super::input::{self, Body};
use super::problem::Answer;
use super::roles::needs;
use crate::domain::role::Role;
use crate::operations::token::{CreateToken, DeleteToken, ListTokens};
use crate::views::TokenView;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/tokens")
                .route(needs(Role::Admin, web::get().to(list)))
                .route(needs(Role::Admin, web::post().to(create))),
        )
        .route("/tokens/{id}", needs(Role::Admin, web::delete().to(delete)));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    name: String,
    role: Role,
}

async fn create(api: web::Data<Api>, body: Body<CreateBody>) -> Answer {
    let (row, token) = api.db.perform(CreateToken { name: body.0.name, role: body.0.role }).await?;
    Ok(HttpResponse::Created().json(TokenView::new(row, Some(token))))
}

async fn list(api: web::Data<Api>) -> Answer {
    let rows = api.db.perform(ListTokens).await?;
    let items: Vec<TokenView> = rows.into_iter().map(|row| TokenView::new(row, None)).collect();
    let total = items.len();
    Ok(HttpResponse::Ok().json(json!({"items": items, "total": total, "page": 1, "page_size": total})))
}

async fn delete(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    api.db.perform(DeleteToken(input::id("token", &path)?)).await?;
    Ok(HttpResponse::NoContent().finish())
}
