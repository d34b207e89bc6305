//! Publishing now: entries of the pool, or a content that is not in it yet.

use super::Api;
use super::creating::{Creating, answer};
use super::input::{self, Body, NoBody};
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::versions::{IfMatch, versioned};
use crate::actors::tries;
use crate::db::entries::EntryRow;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::role::Role;
use crate::domain::similar_text::AdditionWarning;
use crate::domain::thing::Thing;
use crate::operations::broken::Broken;
use crate::operations::once::Answered;
use crate::operations::pool::{AddedEntry, Addition};
use crate::operations::publish_now::{GetEntries, PublishContent, PublishNow};
use crate::operations::versions::Versioned;
use crate::operations::{Context, OperationError};
use crate::views::{EntryView, ItemsView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// A request that waits for an outcome is answered after this long, whatever it is then.
const WAIT_MAX: Duration = Duration::from_secs(60);

pub fn routes(routes: &mut Routes) {
    const REFUSES: &[&str] =
        &["not_found", "wrong_state", "maybe_published", "account_unusable", "wrong_secret_key"];
    let operator = (Role::Operator, Concern::Own);
    routes.group("Publishing now");
    routes
        .route((Method::POST, "/publish-pool/publish"), operator, publish_some, "Publish entries now")
        .about("Over their time, and over window and spacing of their account: all of them, or none.")
        .ok::<ItemsView<EntryView>>()
        .refuses(REFUSES);
    routes
        .route((Method::POST, "/publish-pool/{id}/publish"), operator, publish_one, "Publish an entry now")
        .about("Over its time, and over window and spacing of its account.")
        .ok::<EntryView>()
        .versioned()
        .refuses(REFUSES);
    routes
        .route((Method::POST, "/publisher/publish"), operator, publish_content, "Publish a content now")
        .about("Puts it into the pool, and waits for the outcome of its first try, a minute at most.")
        .answers::<EntryView>(StatusCode::OK, "It was tried: `status` says what became of it.")
        .answers::<EntryView>(StatusCode::ACCEPTED, "It is not tried yet.")
        .refuses(&[
            "not_found",
            "wrong_state",
            "maybe_published",
            "account_unusable",
            "wrong_secret_key",
            "already_in_pool",
            "already_published",
            "similar_text",
        ]);
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WaitQuery")]
struct WaitQuery {
    /// Answers once it was tried, after a minute at most; without it, at once.
    wait: Option<bool>,
}

fn view(api: &Api, row: EntryRow) -> EntryView {
    EntryView::new(row, api.clock.now(), &api.here())
}

async fn publish_one(
    api: web::Data<Api>,
    path: web::Path<String>,
    query: Query<WaitQuery>,
    caller: Caller,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let id: EntryId = input::id("entry", &path)?;
    let publish = PublishNow { ids: vec![id], by: caller.name() };
    let asked = api.db.perform(caller.does(still.of(publish))).await?;
    let rows = if query.0.wait == Some(true) { wait(&api, &asked).await? } else { asked };
    let row = rows.into_iter().next().ok_or_else(|| OperationError::not_found(Thing::Entry, id))?;
    Ok(versioned(&row.version(), view(&api, row)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishEntries")]
struct PublishBody {
    #[schemars(length(min = 1, max = 1000))]
    ids: Vec<EntryId>,
}

async fn publish_some(
    api: web::Data<Api>,
    query: Query<WaitQuery>,
    caller: Caller,
    body: Body<PublishBody>,
) -> Answer {
    let asked = api.db.perform(caller.does(PublishNow { ids: body.0.ids, by: caller.name() })).await?;
    let rows = if query.0.wait == Some(true) { wait(&api, &asked).await? } else { asked };
    let items = rows.into_iter().map(|row| view(&api, row)).collect();
    Ok(HttpResponse::Ok().json(ItemsView { items }))
}

async fn wait(api: &Api, asked: &[EntryRow]) -> Result<Vec<EntryRow>, OperationError> {
    tries::wait(&api.db, &*api.clock, asked, Some(WAIT_MAX), |_| {}).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishContent")]
struct ContentBody {
    content_id: ContentId,
    /// Without it, the content's own, or the only one there is.
    account_id: Option<AccountId>,
    /// Also where it was published before, or a text like it.
    again: Option<bool>,
    #[schemars(range(min = 0, max = 1000))]
    max_retries: Option<i32>,
}

/// Waits for the outcome of its first try; where that takes too long, 202 with the entry as it is.
async fn publish_content(api: web::Data<Api>, caller: Caller, asked: Creating<ContentBody>) -> Answer {
    let Creating { body, request } = asked;
    let addition = Addition {
        account: body.account_id,
        again: body.again.unwrap_or(false),
        max_retries: body.max_retries.unwrap_or(Addition::of(body.content_id).max_retries),
        ..Addition::of(body.content_id)
    };
    let here = api.here();
    let shape = move |added: AddedEntry, _: &Context, now| {
        json!(EntryView::new(added.row, now, &here).beside(added.similar))
    };
    let publish = caller.does(PublishContent { addition, by: caller.name() });
    let made = request.perform(&api, publish, shape).await?;
    let is_repeated = made.is_repeated;
    let made: Made =
        serde_json::from_str(&made.body).map_err(|error| OperationError::from(Broken::from(error)))?;
    let as_made = api.db.perform(GetEntries(vec![made.id])).await?;
    let as_made: Vec<EntryRow> =
        as_made.into_iter().map(|row| EntryRow { attempt: made.attempt, ..row }).collect();
    let row = wait(&api, &as_made).await?.into_iter().next();
    let row = row.ok_or_else(|| OperationError::not_found(Thing::Entry, made.id))?;
    let is_tried = tries::count(&as_made, std::slice::from_ref(&row)) == 1;
    let status = if is_tried { StatusCode::OK } else { StatusCode::ACCEPTED };
    let view = EntryView { warnings: made.warnings, ..view(&api, row) };
    Ok(answer(Answered { body: json!(view).to_string(), is_repeated }, status))
}

/// What was made, of its answer.
#[derive(Deserialize)]
struct Made {
    id: EntryId,
    attempt: i32,
    #[serde(default)]
    warnings: Vec<AdditionWarning>,
}
