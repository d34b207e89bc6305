//! `/publish-pool`: what waits, and what became of it.

use super::creating::Creating;
use super::input::{self, Body, not_null};
use super::problem::{Answer, Problem};
use super::roles::{Caller, asks_within, needs, needs_within};
use super::{Api, page, query};
use crate::db::entries::{EntryRow, Filter};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::posting_slots::NEXT_SLOT;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_DEFAULT;
use crate::domain::role::Role;
use crate::operations::entry::*;
use crate::operations::explain::ExplainEntry;
use crate::operations::pool::*;
use crate::operations::slots::{Move, MoveEntry};
use crate::operations::{Context, OperationError, Paging};
use crate::views::{EntryView, ExplanationView};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/publish-pool/add").route(needs_within(Role::Editor, web::post().to(add))))
        .service(
            web::resource("/publish-pool/batch-add")
                .route(needs_within(Role::Editor, web::post().to(batch_add))),
        )
        .service(web::resource("/publish-pool/list").route(asks_within(Role::Viewer, web::get().to(list))))
        .service(web::resource("/publish-pool/stats").route(asks_within(Role::Viewer, web::get().to(stats))))
        .service(web::resource("/publish-pool/clear").route(needs(Role::Editor, web::post().to(clear))))
        .service(
            web::resource("/publish-pool/{id}")
                .route(asks_within(Role::Viewer, web::get().to(get)))
                .route(needs_within(Role::Editor, web::patch().to(update)))
                .route(needs_within(Role::Editor, web::delete().to(delete))),
        )
        .service(
            web::resource("/publish-pool/{id}/cancel")
                .route(needs_within(Role::Editor, web::post().to(cancel))),
        )
        .service(
            web::resource("/publish-pool/{id}/move")
                .route(needs_within(Role::Editor, web::post().to(move_it))),
        )
        .service(
            web::resource("/publish-pool/{id}/retry")
                .route(needs_within(Role::Operator, web::post().to(retry))),
        )
        .service(
            web::resource("/publish-pool/{id}/resolve")
                .route(needs_within(Role::Operator, web::post().to(resolve))),
        );
}

fn view(api: &Api, row: EntryRow) -> Value {
    view_of(row, &api.cx, api.clock.now())
}

fn view_of(row: EntryRow, cx: &Context, now: Timestamp) -> Value {
    json!(EntryView::new(row, now, cx.can_decrypt()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddBody {
    content_id: ContentId,
    priority: Option<Priority>,
    scheduled_at: Option<String>,
    account_id: Option<AccountId>,
    account_ids: Option<Vec<AccountId>>,
    max_retries: Option<i32>,
    again: Option<bool>,
    late_after_seconds: Option<i64>,
}

impl AddBody {
    fn addition(&self, api: &Api) -> Result<Addition, FieldError> {
        let next_slot = self.scheduled_at.as_deref() == Some(NEXT_SLOT);
        let at = self.scheduled_at.as_deref().filter(|_| !next_slot);
        Ok(Addition {
            content: self.content_id,
            account: self.account_id,
            priority: self.priority.unwrap_or_default(),
            scheduled_at: input::optional_time("scheduled_at", at, api.cx.timezone)?,
            next_slot,
            max_retries: self.max_retries.unwrap_or(MAX_RETRIES_DEFAULT),
            again: self.again.unwrap_or(false),
            late_after_seconds: self.late_after_seconds,
        })
    }

    /// The same as one of several, each of which is for one account.
    fn item(&self, index: usize, api: &Api) -> Result<Addition, FieldError> {
        let inside =
            |wrong: FieldError| FieldError::new(format!("items[{index}].{}", wrong.field), wrong.message);
        if self.account_ids.is_some() {
            return Err(inside(FieldError::new(
                "account_ids",
                "is not possible in a batch: give an item each",
            )));
        }
        self.addition(api).map_err(inside)
    }
}

async fn add(api: web::Data<Api>, caller: Caller, asked: Creating<AddBody>) -> Answer {
    let Creating { body, request } = asked;
    let addition = body.addition(&api)?;
    match body.account_ids {
        None => request.once(&api, StatusCode::CREATED, caller.does(AddToPool(addition)), view_of).await,
        Some(_) if body.account_id.is_some() => {
            Err(Problem::field("account_ids", "does not go with account_id"))
        }
        Some(accounts) => {
            let shape = |rows: Vec<EntryRow>, cx: &Context, now| {
                let items: Vec<Value> = rows.into_iter().map(|row| view_of(row, cx, now)).collect();
                json!({"items": items})
            };
            let add = caller.does(AddToAccounts { addition, accounts });
            request.once(&api, StatusCode::CREATED, add, shape).await
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchBody {
    items: Vec<AddBody>,
    on_conflict: Option<OnConflictWord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnConflictWord {
    Fail,
    Skip,
}

async fn batch_add(api: web::Data<Api>, caller: Caller, asked: Creating<BatchBody>) -> Answer {
    let Creating { body, request } = asked;
    let on_conflict = match body.on_conflict {
        None | Some(OnConflictWord::Fail) => OnConflict::Fail,
        Some(OnConflictWord::Skip) => OnConflict::Skip,
    };
    let items = body.items.iter().enumerate().map(|(index, item)| item.item(index, &api));
    let batch = BatchAdd { items: items.collect::<Result<Vec<_>, _>>()?, on_conflict };
    let shape = |done: BatchOutcome, _: &Context, _| {
        let items: Vec<Value> = done.items.into_iter().enumerate().map(batch_item).collect();
        json!({"items": items})
    };
    request.once(&api, StatusCode::CREATED, caller.does(batch), shape).await
}

fn batch_item((index, item): (usize, Result<Added, OperationError>)) -> Value {
    let status = EntryStatus::Pending;
    match item {
        Ok(Added { id, slot: Some(slot), .. }) => {
            json!({"index": index, "id": id, "status": status, "scheduled_at": slot})
        }
        Ok(Added { id, slot: None, .. }) => json!({"index": index, "id": id, "status": status}),
        Err(error) => json!({"index": index, "id": null, "status": "skipped",
            "code": error.code(), "error": error.to_string()}),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    status: Option<EntryStatus>,
    account_id: Option<AccountId>,
    content_id: Option<ContentId>,
    priority: Option<Priority>,
    due: Option<bool>,
    q: Option<String>,
    page: Option<i64>,
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, caller: Caller, request: HttpRequest) -> Answer {
    let query: ListQuery = query(&request)?;
    let filter = Filter {
        status: query.status,
        account: query.account_id,
        content: query.content_id,
        priority: query.priority,
        least_urgent: None,
        due_at: None,
        title: query.q,
        within: caller.scope().clone(),
    };
    let paging = Paging::new(query.page, query.page_size)?;
    let found = api.lists.ask(ListEntries { filter, due: query.due.unwrap_or(false), paging }).await?;
    Ok(HttpResponse::Ok().json(page(found.each(), |row| view(&api, row.clone()))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsQuery {
    account_id: Option<AccountId>,
}

async fn stats(api: web::Data<Api>, caller: Caller, request: HttpRequest) -> Answer {
    let query: StatsQuery = query(&request)?;
    let stats = match query.account_id {
        Some(account) => {
            caller.sees(account, "account", account)?;
            api.db.perform(GetStats { account: Some(account) }).await?
        }
        None => api.db.perform(GetStatsWithin(caller.scope().clone())).await?,
    };
    Ok(HttpResponse::Ok().json(crate::views::stats(&stats)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetQuery {
    explain: Option<bool>,
}

async fn get(api: web::Data<Api>, caller: Caller, request: HttpRequest, path: web::Path<String>) -> Answer {
    let id: EntryId = input::id("entry", &path)?;
    let query: GetQuery = query(&request)?;
    if query.explain == Some(true) {
        return explain(&api, &caller, id).await;
    }
    let row = api.db.perform(GetEntry(id)).await?;
    caller.sees(row.account_id, "entry", id)?;
    Ok(HttpResponse::Ok().json(view(&api, row)))
}

async fn explain(api: &Api, caller: &Caller, id: EntryId) -> Answer {
    let facts = api.db.perform(ExplainEntry(id)).await?;
    caller.sees(facts.row.account_id, "entry", id)?;
    let database = api.crew.database().clone();
    let looked = actix_rt::task::spawn_blocking(move || facts.find_the_living(&database)).await;
    let looked = looked.map_err(|error| OperationError::Internal(error.to_string()))?;
    let facts = looked.map_err(OperationError::from)?;
    let hold = api.crew.hold().map(|hold| hold.to_string());
    let mut entry = view(api, facts.row.clone());
    entry["explanation"] = json!(ExplanationView::new(&facts, hold));
    Ok(HttpResponse::Ok().json(entry))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    priority: Option<Priority>,
    #[serde(default, deserialize_with = "input::given")]
    scheduled_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    max_retries: Option<i32>,
    #[serde(default, deserialize_with = "input::given")]
    late_after_seconds: Option<Option<i64>>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<UpdateBody>,
) -> Answer {
    let id: EntryId = input::id("entry", &path)?;
    let zone = api.cx.timezone;
    let scheduled_at = body
        .0
        .scheduled_at
        .map(|given| input::optional_time("scheduled_at", given.as_deref(), zone))
        .transpose()?;
    let update = UpdateEntry {
        id,
        priority: body.0.priority,
        scheduled_at,
        max_retries: body.0.max_retries,
        late_after_seconds: body.0.late_after_seconds,
    };
    let row = api.db.perform(caller.does(update)).await?;
    Ok(HttpResponse::Ok().json(view(&api, row)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteEntry(input::id("entry", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn cancel(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let row = api.db.perform(caller.does(CancelEntry(input::id("entry", &path)?))).await?;
    Ok(HttpResponse::Ok().json(view(&api, row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveBody {
    to: Option<MoveWord>,
    swap_with: Option<EntryId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MoveWord {
    First,
    Up,
    Down,
}

async fn move_it(
    api: web::Data<Api>,
    path: web::Path<String>,
    caller: Caller,
    body: Body<MoveBody>,
) -> Answer {
    let to = match (body.0.to, body.0.swap_with) {
        (Some(MoveWord::First), None) => Move::First,
        (Some(MoveWord::Up), None) => Move::Up,
        (Some(MoveWord::Down), None) => Move::Down,
        (None, Some(other)) => Move::SwapWith(other),
        (Some(_), Some(_)) => return Err(Problem::field("swap_with", "does not go with to")),
        (None, None) => {
            return Err(Problem::field(
                "to",
                "must be first, up or down; or give swap_with, the id of another entry",
            ));
        }
    };
    let move_it = MoveEntry { id: input::id("entry", &path)?, to, by: caller.name() };
    let moved = api.db.perform(caller.does(move_it)).await?;
    let items: Vec<Value> = moved.into_iter().map(|row| view(&api, row)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

async fn retry(api: web::Data<Api>, path: web::Path<String>, caller: Caller) -> Answer {
    let retry = RetryEntry { id: input::id("entry", &path)?, by: caller.name() };
    let row = api.db.perform(caller.does(retry)).await?;
    Ok(HttpResponse::Ok().json(view(&api, row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolveBody {
    published: bool,
    url: Option<String>,
    media_id: Option<String>,
    #[serde(default)]
    retry: bool,
}

async fn resolve(
    api: web::Data<Api>,
    path: web::Path<String>,
    caller: Caller,
    body: Body<ResolveBody>,
) -> Answer {
    for (field, given) in [("url", &body.0.url), ("media_id", &body.0.media_id)] {
        if given.is_some() && !body.0.published {
            return Err(Problem::field(field, "goes only with published: true"));
        }
    }
    let resolution = match (body.0.published, body.0.retry) {
        (true, true) => return Err(Problem::field("retry", "does not go with published: true")),
        (true, false) => Resolution::Published { url: body.0.url, media_id: body.0.media_id },
        (false, true) => Resolution::TryAgain,
        (false, false) => Resolution::GiveUp,
    };
    let resolve = ResolveEntry { id: input::id("entry", &path)?, resolution, by: caller.name() };
    let row = api.db.perform(caller.does(resolve)).await?;
    Ok(HttpResponse::Ok().json(view(&api, row)))
}

async fn clear(api: web::Data<Api>, caller: Caller) -> Answer {
    let removed = api.db.perform(caller.does(ClearPublished)).await?;
    Ok(HttpResponse::Ok().json(json!({"removed": removed})))
}
