//! `/publish-pool`: what waits, and what became of it.

use super::input::{self, Body, NoBody, not_null};
use super::openapi::inputs;
use super::problem::{Answer, Problem};
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::versions::{IfMatch, versioned};
use super::{Api, page};
use crate::db::entries::{EntryRow, Filter};
use crate::domain::entry::EntryStatus;
use crate::domain::fault::RequestFault;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::priority::Priority;
use crate::domain::role::Role;
use crate::domain::text_enum;
use crate::domain::thing::Thing;
use crate::operations::broken::Broken;
use crate::operations::entry::*;
use crate::operations::explain::ExplainEntry;
use crate::operations::pool::*;
use crate::operations::slots::{Move, MoveEntry};
use crate::operations::versions::Versioned;
use crate::operations::{OperationError, Paging};
use crate::views::{
    EntryPageView, EntryView, ExplainedEntryView, ExplanationView, ItemsView, RemovedView, StatsView,
};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

pub fn routes(routes: &mut Routes) {
    let (viewer, editor) = ((Role::Viewer, Concern::Own), (Role::Editor, Concern::Own));
    let operator = (Role::Operator, Concern::Own);
    routes.group("Publish pool");
    routes
        .route((Method::GET, "/publish-pool/list"), viewer, list, "List entries")
        .about(
            "The newest first. However large the pool is, a page looks at so many entries and no more: where it has fewer \
             than were asked for, or none, and there may be others, `next_cursor` says where the list goes on.",
        )
        .ok::<EntryPageView>();
    routes
        .route((Method::GET, "/publish-pool/stats"), viewer, stats, "Show the pool in numbers")
        .about("Of one account, or of all that the token is for.")
        .ok::<StatsView>()
        .refuses(&["not_found"]);
    routes
        .route((Method::POST, "/publish-pool/clear"), (Role::Editor, Concern::All), clear, "Clear the pool")
        .about(
            "Removes the entries that are published. The log stays, and so does the memory of what is out.",
        )
        .ok::<RemovedView>();
    routes
        .route((Method::GET, "/publish-pool/{id}"), viewer, get, "Show an entry")
        .ok::<ExplainedEntryView>()
        .versioned();
    routes
        .route((Method::PATCH, "/publish-pool/{id}"), editor, update, "Change an entry")
        .about("Only what is sent is changed. A `scheduled_at` of null is now.")
        .ok::<EntryView>()
        .versioned()
        .refuses(&["wrong_state", "maybe_published", "already_in_pool", "already_published"]);
    routes
        .route((Method::DELETE, "/publish-pool/{id}"), editor, delete, "Delete an entry")
        .no_content()
        .refuses(&["wrong_state", "maybe_published"]);
    routes
        .route((Method::POST, "/publish-pool/{id}/cancel"), editor, cancel, "Cancel an entry")
        .ok::<EntryView>()
        .versioned()
        .refuses(&["wrong_state", "maybe_published"]);
    routes
        .route((Method::POST, "/publish-pool/{id}/move"), editor, move_it, "Move an entry between slots")
        .about("To the first slot, or one up or down, or in place of another entry. Answers with all that moved.")
        .ok::<ItemsView<EntryView>>()
        .refuses(&["wrong_state", "maybe_published"]);
    routes
        .route((Method::POST, "/publish-pool/{id}/retry"), operator, retry, "Try an entry again")
        .about("One that failed or was cancelled, with all its tries.")
        .ok::<EntryView>()
        .versioned()
        .refuses(&["wrong_state", "maybe_published", "already_in_pool", "already_published"]);
    routes
        .route((Method::POST, "/publish-pool/{id}/resolve"), operator, resolve, "Resolve an uncertain entry")
        .about("Says what became of it: it is out, or it is not, and then whether it is tried again.")
        .ok::<EntryView>()
        .versioned()
        .refuses(&["wrong_state"]);
}

fn view(api: &Api, row: EntryRow) -> EntryView {
    EntryView::new(row, api.clock.now(), &api.here())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntriesQuery")]
struct ListQuery {
    status: Option<EntryStatus>,
    account_id: Option<AccountId>,
    content_id: Option<ContentId>,
    priority: Option<Priority>,
    /// Only those that could go out now.
    due: Option<bool>,
    /// Words of the title of its content.
    q: Option<String>,
    /// Those after an earlier page: its `next_cursor`. In the place of `page`.
    cursor: Option<EntryId>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, caller: Caller, query: Query<ListQuery>) -> Answer {
    let query = query.0;
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
    if query.cursor.is_some() && query.page.is_some_and(|page| page != 1) {
        return Err(Problem::field("cursor", RequestFault::NotWith("page")));
    }
    let paging = Paging::new(query.page, query.page_size)?;
    let (due, before) = (query.due.unwrap_or(false), query.cursor);
    let found = api.lists.ask(ListEntries { filter, due, paging, before }).await?;
    let page = page(found.page.each(), |row| view(&api, row.clone()));
    let (total_capped, next_cursor) = (!found.is_whole, found.next);
    Ok(HttpResponse::Ok().json(EntryPageView { page, total_capped, next_cursor }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StatsQuery")]
struct StatsQuery {
    account_id: Option<AccountId>,
}

async fn stats(api: web::Data<Api>, caller: Caller, query: Query<StatsQuery>) -> Answer {
    let stats = match query.0.account_id {
        Some(account) => {
            caller.sees(account, Thing::Account, account)?;
            api.db.perform(GetStats { account: Some(account) }).await?
        }
        None => api.db.perform(GetStatsWithin(caller.scope().clone())).await?,
    };
    Ok(HttpResponse::Ok().json(StatsView::from(&stats)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntryQuery")]
struct GetQuery {
    /// Also why it stands where it stands, and what a person can do.
    explain: Option<bool>,
}

async fn get(api: web::Data<Api>, caller: Caller, query: Query<GetQuery>, path: web::Path<String>) -> Answer {
    let id: EntryId = input::id("entry", &path)?;
    if query.0.explain == Some(true) {
        return explain(&api, &caller, id).await;
    }
    let row = api.db.perform(GetEntry(id)).await?;
    caller.sees(row.account_id, Thing::Entry, id)?;
    Ok(versioned(&row.version(), view(&api, row)))
}

async fn explain(api: &Api, caller: &Caller, id: EntryId) -> Answer {
    let facts = api.db.perform(ExplainEntry(id)).await?;
    caller.sees(facts.row.account_id, Thing::Entry, id)?;
    let database = api.crew.database().clone();
    let looked = actix_rt::task::spawn_blocking(move || facts.find_the_living(&database)).await;
    let looked = looked.map_err(|error| OperationError::from(Broken::Said(error.to_string())))?;
    let facts = looked.map_err(OperationError::from)?;
    let hold = api.crew.hold().map(|hold| hold.to_string());
    let explanation = Some(ExplanationView::new(&facts, hold));
    let (version, entry) = (facts.row.version(), view(api, facts.row));
    Ok(versioned(&version, ExplainedEntryView { entry, explanation }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntryUpdate")]
struct UpdateBody {
    /// In the place of those that it has; none: `[]`.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Vec<ContentId>", length(max = 7))]
    extra_content_ids: Option<Vec<ContentId>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Priority")]
    priority: Option<Priority>,
    #[serde(default, deserialize_with = "input::given")]
    #[schemars(with = "Option<inputs::Time>")]
    scheduled_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "i32", range(min = 0, max = 1000))]
    max_retries: Option<i32>,
    #[serde(default, deserialize_with = "input::given")]
    #[schemars(range(min = 1, max = 31_622_400))]
    late_after_seconds: Option<Option<i64>>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
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
        extras: body.0.extra_content_ids,
        priority: body.0.priority,
        scheduled_at,
        max_retries: body.0.max_retries,
        late_after_seconds: body.0.late_after_seconds,
    };
    let row = api.db.perform(caller.does(still.of(update))).await?;
    Ok(versioned(&row.version(), view(&api, row)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>, still: IfMatch) -> Answer {
    api.db.perform(caller.does(still.of(DeleteEntry(input::id("entry", &path)?)))).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn cancel(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let row = api.db.perform(caller.does(still.of(CancelEntry(input::id("entry", &path)?)))).await?;
    Ok(versioned(&row.version(), view(&api, row)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntryMove")]
struct MoveBody {
    to: Option<MoveWord>,
    swap_with: Option<EntryId>,
}

text_enum! {
    /// Where in its calendar.
    MoveWord {
        First = "first",
        Up = "up",
        Down = "down",
    }
}

async fn move_it(
    api: web::Data<Api>,
    path: web::Path<String>,
    caller: Caller,
    still: IfMatch,
    body: Body<MoveBody>,
) -> Answer {
    let to = match (body.0.to, body.0.swap_with) {
        (Some(MoveWord::First), None) => Move::First,
        (Some(MoveWord::Up), None) => Move::Up,
        (Some(MoveWord::Down), None) => Move::Down,
        (None, Some(other)) => Move::SwapWith(other),
        (Some(_), Some(_)) => return Err(Problem::field("swap_with", RequestFault::NotWith("to"))),
        (None, None) => {
            return Err(Problem::field("to", RequestFault::NoMove));
        }
    };
    let move_it = MoveEntry { id: input::id("entry", &path)?, to, by: caller.name() };
    let moved = api.db.perform(caller.does(still.of(move_it))).await?;
    let items = moved.into_iter().map(|row| view(&api, row)).collect();
    Ok(HttpResponse::Ok().json(ItemsView { items }))
}

async fn retry(
    api: web::Data<Api>,
    path: web::Path<String>,
    caller: Caller,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let retry = RetryEntry { id: input::id("entry", &path)?, by: caller.name() };
    let AddedEntry { row, similar } = api.db.perform(caller.does(still.of(retry))).await?;
    Ok(versioned(&row.version(), view(&api, row).beside(similar)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntryResolve")]
struct ResolveBody {
    published: bool,
    /// Only of what is published.
    url: Option<String>,
    /// Only of what is published.
    media_id: Option<String>,
    /// Only of what is not published: it is tried again; without it, it has failed.
    #[serde(default)]
    retry: bool,
}

async fn resolve(
    api: web::Data<Api>,
    path: web::Path<String>,
    caller: Caller,
    still: IfMatch,
    body: Body<ResolveBody>,
) -> Answer {
    for (field, given) in [("url", &body.0.url), ("media_id", &body.0.media_id)] {
        if given.is_some() && !body.0.published {
            return Err(Problem::field(field, RequestFault::OnlyWith("published: true")));
        }
    }
    let resolution = match (body.0.published, body.0.retry) {
        (true, true) => return Err(Problem::field("retry", RequestFault::NotWith("published: true"))),
        (true, false) => Resolution::Published { url: body.0.url, media_id: body.0.media_id },
        (false, true) => Resolution::TryAgain,
        (false, false) => Resolution::GiveUp,
    };
    let resolve = ResolveEntry { id: input::id("entry", &path)?, resolution, by: caller.name() };
    let row = api.db.perform(caller.does(still.of(resolve))).await?;
    Ok(versioned(&row.version(), view(&api, row)))
}

async fn clear(api: web::Data<Api>, caller: Caller, _: NoBody) -> Answer {
    let removed = api.db.perform(caller.does(ClearPublished)).await?;
    Ok(HttpResponse::Ok().json(RemovedView { removed }))
}
