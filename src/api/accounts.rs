//! `/accounts` and `/platforms`: where things are published.

use super::creating::Creating;
use super::input::{self, Body, given, not_null};
use super::problem::{Answer, Problem};
use super::roles::{Caller, asks_within, needs, needs_within};
use super::{Api, page_of_all, paging, query};
use crate::domain::account::OnUnknown;
use crate::domain::ids::AccountId;
use crate::domain::lane_settings::LaneChanges;
use crate::domain::posting_slots::MissedSlot;
use crate::domain::role::Role;
use crate::operations::account::*;
use crate::operations::account_test::GetTestable;
use crate::operations::slots::{Calendar, ListSlots};
use crate::platforms::platform::{Credentials, Platform};
use crate::views::{AccountView, CalendarView, SlotView, TestView};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/platforms").route(asks_within(Role::Viewer, web::get().to(platforms))))
        .service(
            web::resource("/accounts")
                .route(asks_within(Role::Viewer, web::get().to(list)))
                .route(needs(Role::Admin, web::post().to(create))),
        )
        .service(
            web::resource("/accounts/{id}")
                .route(needs_within(Role::Viewer, web::get().to(get)))
                .route(needs_within(Role::Admin, web::patch().to(update)))
                .route(needs_within(Role::Admin, web::delete().to(delete))),
        )
        .service(web::resource("/accounts/{id}/slots").route(asks_within(Role::Viewer, web::get().to(slots))))
        .service(
            web::resource("/accounts/{id}/test").route(needs_within(Role::Operator, web::post().to(test))),
        )
        .service(
            web::resource("/accounts/{id}/suspend")
                .route(needs_within(Role::Operator, web::post().to(suspend))),
        )
        .service(
            web::resource("/accounts/{id}/resume")
                .route(needs_within(Role::Operator, web::post().to(resume))),
        );
}

async fn platforms(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let paging = paging(&request)?;
    let all: Vec<&Arc<dyn Platform>> = api.cx.registry.all().collect();
    Ok(HttpResponse::Ok().json(page_of_all(all, paging, |platform| describe(&**platform))))
}

fn describe(platform: &dyn Platform) -> Value {
    let secrets: Vec<Value> = platform
        .secret_fields()
        .iter()
        .map(|field| json!({"name": field.name, "required": field.required, "about": field.about}))
        .collect();
    json!({
        "name": platform.name(),
        "about": platform.about(),
        "delivery_class": platform.delivery_class(&Value::Null).as_str(),
        "settings_schema": platform.settings_schema(),
        "credentials": secrets,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    name: String,
    platform: String,
    settings: Option<Value>,
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    enabled: Option<bool>,
    timezone: Option<String>,
    concurrency: Option<i32>,
    spacing_seconds: Option<i64>,
    daily_cap: Option<i64>,
    windows: Option<Vec<String>>,
    give_up_after_seconds: Option<i64>,
    late_after_seconds: Option<i64>,
    slots: Option<Vec<String>>,
    missed_slot: Option<MissedSlot>,
    on_unknown: Option<OnUnknown>,
}

async fn create(api: web::Data<Api>, caller: Caller, asked: Creating<CreateBody>) -> Answer {
    let body = asked.body;
    let create = CreateAccount {
        name: body.name,
        platform: body.platform,
        settings: body.settings.unwrap_or_else(|| json!({})),
        credentials: Credentials(body.credentials),
        enabled: body.enabled.unwrap_or(true),
        timezone: body.timezone,
        concurrency: body.concurrency,
        lane: LaneChanges {
            spacing_seconds: body.spacing_seconds,
            daily_cap: Some(body.daily_cap),
            windows: body.windows,
            give_up_after_seconds: body.give_up_after_seconds,
            late_after_seconds: Some(body.late_after_seconds),
            slots: body.slots,
            missed_slot: body.missed_slot,
        },
        on_unknown: body.on_unknown.unwrap_or(OnUnknown::Ask),
    };
    let create = caller.does(create);
    asked.request.once(&api, StatusCode::CREATED, create, |row, _, _| json!(AccountView::from(row))).await
}

async fn list(api: web::Data<Api>, caller: Caller, request: HttpRequest) -> Answer {
    let paging = paging(&request)?;
    let mut all = api.db.perform(ListAccounts).await?;
    all.retain(|row| caller.scope().sees(row.id));
    Ok(HttpResponse::Ok().json(page_of_all(all, paging, |row| json!(AccountView::from(row)))))
}

/// The account of a path, where the caller may see it.
fn seen(caller: &Caller, path: &str) -> Result<AccountId, Problem> {
    let id = input::id("account", path)?;
    caller.sees(id, "account", id)?;
    Ok(id)
}

async fn get(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetAccount(seen(&caller, &path)?)).await?;
    Ok(HttpResponse::Ok().json(AccountView::from(row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    settings: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "not_null")]
    credentials: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "not_null")]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    concurrency: Option<i32>,
    // null: none.
    #[serde(default, deserialize_with = "given")]
    spacing_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    daily_cap: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    windows: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "not_null")]
    give_up_after_seconds: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    late_after_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    slots: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "not_null")]
    missed_slot: Option<MissedSlot>,
    #[serde(default, deserialize_with = "not_null")]
    on_unknown: Option<OnUnknown>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<UpdateBody>,
) -> Answer {
    let id: AccountId = input::id("account", &path)?;
    let body = body.0;
    let update = UpdateAccount {
        id,
        name: body.name,
        settings: body.settings.map(Value::Object),
        credentials: body.credentials.map(Credentials),
        enabled: body.enabled,
        timezone: body.timezone,
        concurrency: body.concurrency,
        lane: LaneChanges {
            spacing_seconds: body.spacing_seconds.map(Option::unwrap_or_default),
            daily_cap: body.daily_cap,
            windows: body.windows.map(Option::unwrap_or_default),
            give_up_after_seconds: body.give_up_after_seconds,
            late_after_seconds: body.late_after_seconds,
            slots: body.slots.map(Option::unwrap_or_default),
            missed_slot: body.missed_slot,
        },
        on_unknown: body.on_unknown,
    };
    Ok(HttpResponse::Ok().json(AccountView::from(api.db.perform(caller.does(update)).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotsQuery {
    from: Option<String>,
    count: Option<i64>,
}

async fn slots(api: web::Data<Api>, caller: Caller, path: web::Path<String>, request: HttpRequest) -> Answer {
    let account = seen(&caller, &path)?;
    let asked: SlotsQuery = query(&request)?;
    let from = input::optional_time("from", asked.from.as_deref(), api.cx.timezone)?;
    let Calendar { account, name, zone, slots } =
        api.db.perform(ListSlots { account, from, count: asked.count }).await?;
    let items = slots.into_iter().map(|slot| SlotView::new(slot.at, zone, slot.is_kept, slot.seat)).collect();
    let timezone = zone.to_string();
    Ok(HttpResponse::Ok().json(CalendarView { account_id: account, account: name, timezone, items }))
}

/// An account that does not work is an answer, and no error of the request.
async fn test(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let testable = api.db.perform(GetTestable(seen(&caller, &path)?)).await?;
    let tested = testable.test().await;
    Ok(HttpResponse::Ok().json(TestView::new(&testable.account, tested)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteAccount(input::id("account", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuspendBody {
    reason: String,
    until: Option<String>,
}

async fn suspend(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<SuspendBody>,
) -> Answer {
    let until = input::optional_time("until", body.0.until.as_deref(), api.cx.timezone)?;
    let suspend = SuspendAccount { id: input::id("account", &path)?, reason: body.0.reason, until };
    Ok(HttpResponse::Ok().json(AccountView::from(api.db.perform(caller.does(suspend)).await?)))
}

async fn resume(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let row = api.db.perform(caller.does(ResumeAccount(input::id("account", &path)?))).await?;
    Ok(HttpResponse::Ok().json(AccountView::from(row)))
}
