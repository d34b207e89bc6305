//! `/publisher/history`: each attempt.

use super::input;
use super::problem::Answer;
use super::roles::{Caller, asks_within, needs_within};
use super::{Api, page, query};
use crate::db::publish_log::Filter;
use crate::domain::ids::*;
use crate::domain::role::Role;
use crate::domain::settlement::LogStatus;
use crate::operations::Paging;
use crate::operations::history::{GetLog, ListHistory};
use crate::views::LogView;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/publisher/history").route(asks_within(Role::Viewer, web::get().to(list))))
        .service(
            web::resource("/publisher/history/{id}").route(needs_within(Role::Viewer, web::get().to(get))),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    content_id: Option<ContentId>,
    account_id: Option<AccountId>,
    pool_id: Option<EntryId>,
    execution_id: Option<ExecutionId>,
    task_id: Option<TaskId>,
    status: Option<LogStatus>,
    from: Option<String>,
    to: Option<String>,
    page: Option<i64>,
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, caller: Caller, request: HttpRequest) -> Answer {
    let query: ListQuery = query(&request)?;
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
    Ok(HttpResponse::Ok().json(page(found, |row| json!(LogView::from(row)))))
}

async fn get(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetLog(input::id("log row", &path)?)).await?;
    caller.sees(row.account_id, "log row", row.id)?;
    Ok(HttpResponse::Ok().json(LogView::from(row)))
}
