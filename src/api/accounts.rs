//! `/accounts` and `/platforms`: where things are published.

use super::creating::Creating;
use super::input::{self, Body, NoBody, given, not_null};
use super::openapi::inputs;
use super::problem::{Answer, Problem};
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::versions::{IfMatch, IfNoneMatch, versioned};
use super::{Api, PageQuery, page, page_of_all};
use crate::db::accounts::Filter;
use crate::domain::account::{OnSimilar, OnUnknown};
use crate::domain::ids::AccountId;
use crate::domain::lane_settings::LaneChanges;
use crate::domain::posting_slots::MissedSlot;
use crate::domain::role::Role;
use crate::domain::thing::Thing;
use crate::operations::Paging;
use crate::operations::account::*;
use crate::operations::account_test::GetTestable;
use crate::operations::slots::{Calendar, ListSlots};
use crate::operations::versions::Versioned;
use crate::platforms::platform::{Credentials, Platform};
use crate::views::{AccountView, CalendarView, PageView, PlatformView, SecretFieldView, SlotView, TestView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn routes(routes: &mut Routes) {
    let (viewer, operator) = ((Role::Viewer, Concern::Own), (Role::Operator, Concern::Own));
    let admin = (Role::Admin, Concern::Own);
    routes.group("Accounts");
    routes
        .route((Method::GET, "/platforms"), viewer, platforms, "List the platforms")
        .about("What each needs and can do, with the JSON Schema of its settings.")
        .ok::<PageView<PlatformView>>();
    routes
        .route((Method::GET, "/accounts"), viewer, list, "List accounts")
        .about("In the order in which they were made.")
        .ok::<PageView<AccountView>>();
    routes
        .route((Method::POST, "/accounts"), (Role::Admin, Concern::All), create, "Create an account")
        .about("Credentials are kept encrypted, and never shown again.")
        .created::<AccountView>()
        .refuses(&["name_taken", "wrong_secret_key"]);
    routes
        .route((Method::GET, "/accounts/{id}"), viewer, get, "Show an account")
        .ok::<AccountView>()
        .cached();
    routes
        .route((Method::PATCH, "/accounts/{id}"), admin, update, "Change an account")
        .about(
            "Only what is sent is changed; `settings` are replaced as a whole. Null takes a limit away. Another name takes \
             a token that is for all accounts.",
        )
        .ok::<AccountView>()
        .versioned()
        .refuses(&["name_taken", "wrong_secret_key", "account_unusable"]);
    routes
        .route((Method::DELETE, "/accounts/{id}"), admin, delete, "Delete an account")
        .no_content()
        .refuses(&["in_use", "wrong_state"]);
    routes
        .route((Method::GET, "/accounts/{id}/slots"), viewer, slots, "Show an account's posting slots")
        .about("The coming slots of its calendar, and what sits in them.")
        .ok::<CalendarView>();
    routes
        .route((Method::POST, "/accounts/{id}/test"), operator, test, "Test an account")
        .about("Asks its platform whether it works, and publishes nothing. An account that does not work is an answer.")
        .ok::<TestView>()
        .refuses(&["wrong_secret_key"]);
    routes
        .route((Method::POST, "/accounts/{id}/suspend"), operator, suspend, "Suspend an account")
        .about("Nothing is published there until then, or until it is resumed.")
        .ok::<AccountView>()
        .versioned();
    routes
        .route((Method::POST, "/accounts/{id}/resume"), operator, resume, "Resume an account")
        .ok::<AccountView>()
        .versioned();
}

async fn platforms(api: web::Data<Api>, asked: Query<PageQuery>) -> Answer {
    let all: Vec<&Arc<dyn Platform>> = api.cx.registry.all().collect();
    Ok(HttpResponse::Ok().json(page_of_all(all, asked.0.paging()?, |platform| describe(&**platform))))
}

fn describe(platform: &dyn Platform) -> PlatformView {
    let secrets = platform.secret_fields().iter().map(|field| SecretFieldView {
        name: field.name.to_owned(),
        required: field.required,
        about: field.about.to_owned(),
    });
    PlatformView {
        name: platform.name().to_owned(),
        about: platform.about().to_owned(),
        delivery_class: platform.delivery_class(&Value::Null).as_str().to_owned(),
        settings_schema: platform.settings_schema(),
        credentials: secrets.collect(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccountCreate")]
struct CreateBody {
    /// Unique.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// One of `GET /platforms`.
    platform: String,
    /// As the platform's schema says.
    #[schemars(with = "Option<Map<String, Value>>")]
    settings: Option<Value>,
    /// Secrets by name.
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    /// Without it, true.
    enabled: Option<bool>,
    /// Without it, the server's.
    timezone: Option<String>,
    /// How many posts may be on the wire at once.
    #[schemars(range(min = 1, max = 1024))]
    concurrency: Option<i32>,
    /// The least time between two posts.
    #[schemars(range(min = 0, max = 31_622_400))]
    spacing_seconds: Option<i64>,
    /// Posts a day, in its time zone.
    #[schemars(range(min = 1, max = 1_000_000))]
    daily_cap: Option<i64>,
    /// When it publishes, such as `mon-fri 08:00-23:00`; none: always.
    #[schemars(length(max = 64))]
    windows: Option<Vec<String>>,
    /// How long entries wait for a platform that is down.
    #[schemars(range(min = 60, max = 31_622_400))]
    give_up_after_seconds: Option<i64>,
    /// What is later than this is not published any more; null: it is published late.
    #[schemars(range(min = 1, max = 31_622_400))]
    late_after_seconds: Option<i64>,
    /// Its posting slots, such as `mon-fri 09:00,18:00`.
    #[schemars(length(max = 64))]
    slots: Option<Vec<String>>,
    missed_slot: Option<MissedSlot>,
    on_unknown: Option<OnUnknown>,
    on_similar: Option<OnSimilar>,
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
        on_similar: body.on_similar.unwrap_or(OnSimilar::Warn),
    };
    let create = caller.does(create);
    asked.request.once(&api, StatusCode::CREATED, create, |row, _, _| json!(AccountView::from(row))).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccountsQuery")]
struct ListQuery {
    /// Part of the name.
    q: Option<String>,
    /// One of `GET /platforms`.
    platform: Option<String>,
    enabled: Option<bool>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
    // Passed over, as always.
    #[serde(rename = "lang")]
    #[schemars(skip)]
    _lang: Option<String>,
}

async fn list(api: web::Data<Api>, caller: Caller, asked: Query<ListQuery>) -> Answer {
    let asked = asked.0;
    let paging = Paging::new(asked.page, asked.page_size)?;
    let within = caller.scope().clone();
    let filter = Filter { name: asked.q, platform: asked.platform, enabled: asked.enabled, within };
    let found = api.db.perform(ListAccountPage { filter, paging }).await?;
    Ok(HttpResponse::Ok().json(page(found, AccountView::from)))
}

/// The account of a path, where the caller may see it.
fn seen(caller: &Caller, path: &str) -> Result<AccountId, Problem> {
    let id = input::id("account", path)?;
    caller.sees(id, Thing::Account, id)?;
    Ok(id)
}

async fn get(api: web::Data<Api>, caller: Caller, path: web::Path<String>, has: IfNoneMatch) -> Answer {
    let row = api.db.perform(GetAccount(seen(&caller, &path)?)).await?;
    Ok(has.answer(&row.version(), AccountView::from(row)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccountUpdate")]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = 100))]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Map<String, Value>")]
    settings: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "BTreeMap<String, String>")]
    /// Replaced as a whole: those that are not sent are gone.
    credentials: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool")]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "i32", range(min = 1, max = 1024))]
    concurrency: Option<i32>,
    // null: none.
    #[serde(default, deserialize_with = "given")]
    #[schemars(range(min = 0, max = 31_622_400))]
    spacing_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(range(min = 1, max = 1_000_000))]
    daily_cap: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 64))]
    windows: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "i64", range(min = 60, max = 31_622_400))]
    give_up_after_seconds: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(range(min = 1, max = 31_622_400))]
    late_after_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(length(max = 64))]
    slots: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "MissedSlot")]
    missed_slot: Option<MissedSlot>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "OnUnknown")]
    on_unknown: Option<OnUnknown>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "OnSimilar")]
    on_similar: Option<OnSimilar>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
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
        on_similar: body.on_similar,
    };
    let row = api.db.perform(caller.does(still.of(update))).await?;
    Ok(versioned(&row.version(), AccountView::from(row)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SlotsQuery")]
struct SlotsQuery {
    /// Those after this; without it, after now.
    #[schemars(with = "Option<inputs::Time>")]
    from: Option<String>,
    /// How many; without it, 20.
    #[schemars(range(min = 1, max = 200))]
    count: Option<i64>,
}

async fn slots(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    asked: Query<SlotsQuery>,
) -> Answer {
    let (account, asked) = (seen(&caller, &path)?, asked.0);
    let from = input::optional_time("from", asked.from.as_deref(), api.cx.timezone)?;
    let Calendar { account, name, zone, slots } =
        api.db.perform(ListSlots { account, from, count: asked.count }).await?;
    let items = slots.into_iter().map(|slot| SlotView::new(slot.at, zone, slot.is_kept, slot.seat)).collect();
    let timezone = zone.to_string();
    Ok(HttpResponse::Ok().json(CalendarView { account_id: account, account: name, timezone, items }))
}

/// An account that does not work is an answer, and no error of the request.
async fn test(api: web::Data<Api>, caller: Caller, path: web::Path<String>, _: NoBody) -> Answer {
    let testable = api.db.perform(GetTestable(seen(&caller, &path)?)).await?;
    let tested = testable.test().await;
    Ok(HttpResponse::Ok().json(TestView::new(&testable.account, tested)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>, still: IfMatch) -> Answer {
    api.db.perform(caller.does(still.of(DeleteAccount(input::id("account", &path)?)))).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccountSuspend")]
struct SuspendBody {
    #[schemars(length(min = 1))]
    reason: String,
    /// When it ends by itself; without it, never.
    #[schemars(with = "Option<inputs::Time>")]
    until: Option<String>,
}

async fn suspend(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    body: Body<SuspendBody>,
) -> Answer {
    let until = input::optional_time("until", body.0.until.as_deref(), api.cx.timezone)?;
    let suspend = SuspendAccount { id: input::id("account", &path)?, reason: body.0.reason, until };
    let row = api.db.perform(caller.does(still.of(suspend))).await?;
    Ok(versioned(&row.version(), AccountView::from(row)))
}

async fn resume(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let row = api.db.perform(caller.does(still.of(ResumeAccount(input::id("account", &path)?)))).await?;
    Ok(versioned(&row.version(), AccountView::from(row)))
}
