//! `/contents`: what is published.

use super::creating::Creating;
use super::input::{self, Body, NoBody, given, not_null};
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::versions::{IfMatch, IfNoneMatch, versioned};
use super::{Api, page};
use crate::db::contents::{Filter, Text};
use crate::domain::content::ReviewStatus;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::role::Role;
use crate::operations::Paging;
use crate::operations::content::*;
use crate::operations::versions::Versioned;
use crate::views::{ContentView, PageView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

pub fn routes(routes: &mut Routes) {
    let (viewer, editor) = ((Role::Viewer, Concern::Own), (Role::Editor, Concern::Own));
    let operator = (Role::Operator, Concern::Own);
    routes.group("Contents");
    routes
        .route((Method::GET, "/contents"), viewer, list, "List contents")
        .about("The newest first.")
        .ok::<PageView<ContentView>>();
    routes
        .route((Method::POST, "/contents"), editor, create, "Write a content")
        .about("It is approved at once, unless the server asks for reviews (`review_required`).")
        .created::<ContentView>()
        .refuses(&["not_found"]);
    routes.route((Method::GET, "/contents/{id}"), viewer, get, "Show a content").ok::<ContentView>().cached();
    routes
        .route((Method::PATCH, "/contents/{id}"), editor, update, "Change a content")
        .about("Only what is sent is changed. What waits in the pool takes the new revision.")
        .ok::<ContentView>()
        .versioned();
    routes
        .route((Method::DELETE, "/contents/{id}"), editor, delete, "Delete a content")
        .no_content()
        .refuses(&["in_use"]);
    routes
        .route((Method::POST, "/contents/{id}/submit"), editor, submit, "Submit a content for review")
        .ok::<ContentView>()
        .versioned()
        .refuses(&["wrong_state"]);
    routes
        .route((Method::POST, "/contents/{id}/approve"), operator, approve, "Approve a content")
        .about("What waits for it goes out from now on. With `If-Match`, only the text that was read is approved.")
        .ok::<ContentView>()
        .versioned()
        .refuses(&["wrong_state"]);
    routes
        .route((Method::POST, "/contents/{id}/reject"), operator, reject, "Reject a content")
        .ok::<ContentView>()
        .versioned()
        .refuses(&["wrong_state"]);
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContentCreate")]
struct CreateBody {
    #[schemars(length(min = 1, max = 300))]
    title: String,
    /// Markdown, at most 2 MiB.
    body: String,
    #[schemars(length(max = 2000))]
    digest: Option<String>,
    #[schemars(length(max = 2000))]
    author: Option<String>,
    #[schemars(length(max = 2000))]
    cover: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 100)))]
    tags: Vec<String>,
    #[schemars(length(max = 2000))]
    source_url: Option<String>,
    /// Where it is published unless told otherwise.
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContentsQuery")]
struct ListQuery {
    /// Part of the title.
    q: Option<String>,
    /// Those whose own account it is.
    account_id: Option<AccountId>,
    review_status: Option<ReviewStatus>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, query: Query<ListQuery>) -> Answer {
    let query = query.0;
    let paging = Paging::new(query.page, query.page_size)?;
    let filter = Filter { title: query.q, account: query.account_id, review_status: query.review_status };
    let found = api.db.perform(ListContents { filter, paging }).await?;
    Ok(HttpResponse::Ok().json(page(found, ContentView::from)))
}

async fn get(api: web::Data<Api>, path: web::Path<String>, has: IfNoneMatch) -> Answer {
    let row = api.db.perform(GetContent(input::id("content", &path)?)).await?;
    Ok(has.answer(&row.version(), ContentView::from(row)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContentUpdate")]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = 300))]
    title: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    body: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 2000))]
    digest: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 2000))]
    author: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 2000))]
    cover: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Vec<String>", length(max = 50), inner(length(min = 1, max = 100)))]
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 2000))]
    source_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    account_id: Option<Option<AccountId>>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
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
    let row = api.db.perform(caller.does(still.of(update))).await?;
    Ok(versioned(&row.version(), ContentView::from(row)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>, still: IfMatch) -> Answer {
    api.db.perform(caller.does(still.of(DeleteContent(input::id("content", &path)?)))).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn submit(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    review(&api, &caller, &path, still, ReviewStep::Submit).await
}

async fn approve(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    review(&api, &caller, &path, still, ReviewStep::Approve).await
}

async fn reject(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    review(&api, &caller, &path, still, ReviewStep::Reject).await
}

async fn review(api: &Api, caller: &Caller, path: &str, still: IfMatch, step: ReviewStep) -> Answer {
    let review = ReviewContent { id: input::id("content", path)?, step };
    let row = api.db.perform(caller.does(still.of(review))).await?;
    Ok(versioned(&row.version(), ContentView::from(row)))
}
