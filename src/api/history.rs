//! `/publisher/history`: each attempt.

use super::openapi::inputs;
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::{Api, input, page};
use crate::db::publish_log::Filter;
use crate::domain::ids::*;
use crate::domain::role::Role;
use crate::domain::settlement::LogStatus;
use crate::domain::thing::Thing;
use crate::operations::Paging;
use crate::operations::history::{GetLog, ListHistory};
use crate::views::{LogView, PageView};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

pub fn routes(routes: &mut Routes) {
    let viewer = (Role::Viewer, Concern::Own);
    routes.group("Publish log");
    routes
        .route((Method::GET, "/publisher/history"), viewer, list, "List attempts")
        .about("The newest first. Each attempt is one row, which is never changed.")
        .ok::<PageView<LogView>>();
    routes.route((Method::GET, "/publisher/history/{id}"), viewer, get, "Show an attempt").ok::<LogView>();
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HistoryQuery")]
struct ListQuery {
    content_id: Option<ContentId>,
    account_id: Option<AccountId>,
    pool_id: Option<EntryId>,
    execution_id: Option<ExecutionId>,
    task_id: Option<TaskId>,
    status: Option<LogStatus>,
    /// Those that ended then or later; the newest are those that ended last.
    #[schemars(with = "Option<inputs::Time>")]
    from: Option<String>,
    /// Those that ended before then.
    #[schemars(with = "Option<inputs::Time>")]
    to: Option<String>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, caller: Caller, query: Query<ListQuery>) -> Answer {
    let query = query.0;
    let zone = api.cx.timezone;
    let filter = Filter {
        content: query.content_id,
        account: query.account_id,
        entry: query.pool_id,
        execution: query.execution_id,
        task: query.task_id,
        status: query.status,
        from: input::optional_time("from", query.from.as_deref(), zone)?,
        to: input::optional_time("to", query.to.as_deref(), zone)?,
        within: caller.scope().clone(),
    };
    let paging = Paging::new(query.page, query.page_size)?;
    let found = api.db.perform(ListHistory { filter, paging }).await?;
    Ok(HttpResponse::Ok().json(page(found, LogView::from)))
}

async fn get(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetLog(input::id("log row", &path)?)).await?;
    caller.sees(row.account_id, Thing::LogRow, row.id)?;
    Ok(HttpResponse::Ok().json(LogView::from(row)))
}
