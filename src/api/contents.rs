//! `/contents`: what is published.

use super::creating::Creating;
use super::input::{self, Body, given, not_null};
use super::problem::Answer;
use super::roles::{Caller, asks_within, needs_within};
use super::{Api, page, query};
use crate::db::contents::Text;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::role::Role;
use crate::operations::Paging;
use crate::operations::content::*;
use crate::views::ContentView;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/contents")
                .route(asks_within(Role::Viewer, web::get().to(list)))
                .route(needs_within(Role::Editor, web::post().to(create))),
        )
        .service(
            web::resource("/contents/{id}")
                .route(needs_within(Role::Viewer, web::get().to(get)))
                .route(needs_within(Role::Editor, web::patch().to(update)))
                .route(needs_within(Role::Editor, web::delete().to(delete))),
        )
        .service(
            web::resource("/contents/{id}/submit").route(needs_within(Role::Editor, web::post().to(submit))),
        )
        .service(
            web::resource("/contents/{id}/approve")
                .route(needs_within(Role::Operator, web::post().to(approve))),
        )
        .service(
            web::resource("/contents/{id}/reject")
                .route(needs_within(Role::Operator, web::post().to(reject))),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    title: String,
    body: String,
    digest: Option<String>,
    author: Option<String>,
    cover: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    source_url: Option<String>,
    account_id: Option<AccountId>,
}

async fn create(api: web::Data<Api>, caller: Caller, asked: Creating<CreateBody>) -> Answer {
    let body = asked.body;
    let text = Text {
        title: body.title,
        body: body.body,
        digest: body.digest,
        author: body.author,
        cover: body.cover,
        tags: body.tags,
        source_url: body.source_url,
    };
    let create = caller.does(CreateContent { text, account: body.account_id });
    asked.request.once(&api, StatusCode::CREATED, create, |row, _, _| json!(ContentView::from(row))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    page: Option<i64>,
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let query: ListQuery = query(&request)?;
    let paging = Paging::new(query.page, query.page_size)?;
    let found = api.db.perform(ListContents { title: query.q, paging }).await?;
    Ok(HttpResponse::Ok().json(page(found, |row| json!(ContentView::from(row)))))
}

async fn get(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetContent(input::id("content", &path)?)).await?;
    Ok(HttpResponse::Ok().json(ContentView::from(row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    title: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    body: Option<String>,
    #[serde(default, deserialize_with = "given")]
    digest: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    author: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    cover: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    source_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    account_id: Option<Option<AccountId>>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<UpdateBody>,
) -> Answer {
    let id: ContentId = input::id("content", &path)?;
    let body = body.0;
    let update = UpdateContent {
        id: Some(id),
        title: body.title,
        body: body.body,
        digest: body.digest,
        author: body.author,
        cover: body.cover,
        tags: body.tags,
        source_url: body.source_url,
        account: body.account_id,
    };
    Ok(HttpResponse::Ok().json(ContentView::from(api.db.perform(caller.does(update)).await?)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteContent(input::id("content", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn submit(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    review(&api, &caller, &path, ReviewStep::Submit).await
}

async fn approve(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    review(&api, &caller, &path, ReviewStep::Approve).await
}

async fn reject(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    review(&api, &caller, &path, ReviewStep::Reject).await
}

async fn review(api: &Api, caller: &Caller, path: &str, step: ReviewStep) -> Answer {
    let review = ReviewContent { id: input::id("content", path)?, step };
    let row = api.db.perform(caller.does(review)).await?;
    Ok(HttpResponse::Ok().json(ContentView::from(row)))
}
