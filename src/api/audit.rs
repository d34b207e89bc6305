//! `/audit`: who changed what.

use super::input;
use super::problem::Answer;
use super::roles::asks;
use super::{Api, page, query};
use crate::db::audit::Filter;
use crate::domain::resource::Resource;
use crate::domain::role::Role;
use crate::operations::Paging;
use crate::operations::audit::ListAudit;
use crate::views::AuditView;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/audit").route(asks(Role::Admin, web::get().to(list))));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    who: Option<String>,
    resource: Option<Resource>,
    id: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    page: Option<i64>,
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let query: ListQuery = query(&request)?;
    let zone = api.cx.timezone;
    let filter = Filter {
        who: query.who,
        resource: query.resource,
        resource_id: query.id,
        from: input::optional_time("from", query.from.as_deref(), zone)?,
        to: input::optional_time("to", query.to.as_deref(), zone)?,
    };
    let paging = Paging::new(query.page, query.page_size)?;
    let found = api.db.perform(ListAudit { filter, paging }).await?;
    Ok(HttpResponse::Ok().json(page(found, |row| json!(AuditView::from(row)))))
}
