//! `/audit`: who changed what.

use super::openapi::inputs;
use super::problem::Answer;
use super::query::Query;
use super::roles::Concern;
use super::routes::Routes;
use super::{Api, input, page};
use crate::db::audit::Filter;
use crate::domain::resource::Resource;
use crate::domain::role::Role;
use crate::operations::Paging;
use crate::operations::audit::ListAudit;
use crate::views::{AuditView, PageView};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

pub fn routes(routes: &mut Routes) {
    routes.group("Audit");
    routes
        .route((Method::GET, "/audit"), (Role::Admin, Concern::All), list, "Show who changed what")
        .about("The newest first. Rows are never changed; secrets are never in them.")
        .ok::<PageView<AuditView>>();
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditQuery")]
struct ListQuery {
    /// The name of a token, or of a user of the system.
    who: Option<String>,
    resource: Option<Resource>,
    /// Of that resource.
    id: Option<i64>,
    /// From then on.
    #[schemars(with = "Option<inputs::Time>")]
    from: Option<String>,
    /// Until before then.
    #[schemars(with = "Option<inputs::Time>")]
    to: Option<String>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

async fn list(api: web::Data<Api>, query: Query<ListQuery>) -> Answer {
    let query = query.0;
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
    Ok(HttpResponse::Ok().json(page(found, AuditView::from)))
}
