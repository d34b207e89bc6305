//! `/tokens`: who may come.

use super::creating::Creating;
use super::openapi::inputs;
use super::problem::{Answer, Problem};
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::{Api, PageQuery, input, page_of_all};
use crate::domain::fault::RequestFault;
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::domain::time_input;
use crate::operations::Context;
use crate::operations::token::{CreateToken, DeleteToken, Expiry, ListTokens};
use crate::views::{PageView, TokenView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

pub fn routes(routes: &mut Routes) {
    let admin = (Role::Admin, Concern::All);
    routes.group("Tokens");
    routes
        .route((Method::GET, "/tokens"), admin, list, "List tokens")
        .about("None of them is shown: they are kept as hashes.")
        .ok::<PageView<TokenView>>();
    routes
        .route((Method::POST, "/tokens"), admin, create, "Make a token")
        .about("`token` of the answer is shown this once.")
        .created::<TokenView>()
        .refuses(&["not_found"]);
    routes
        .route((Method::DELETE, "/tokens/{id}"), admin, delete, "Revoke a token")
        .about("It is refused from now on, on all nodes.")
        .no_content();
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokenCreate")]
struct CreateBody {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    role: Role,
    /// For these accounts only; without it, for all.
    #[schemars(length(min = 1, max = 100))]
    account_ids: Option<Vec<AccountId>>,
    #[schemars(with = "Option<inputs::Time>")]
    expires_at: Option<String>,
    /// Instead of `expires_at`: from now on, such as `30d`.
    #[schemars(with = "Option<inputs::Span>")]
    expires_in: Option<String>,
}

async fn create(api: web::Data<Api>, caller: Caller, asked: Creating<CreateBody>) -> Answer {
    let body = asked.body;
    let expires_at = input::optional_time("expires_at", body.expires_at.as_deref(), api.cx.timezone)?;
    let span = body.expires_in.as_deref().map(time_input::parse_span).transpose();
    let span = span.map_err(|error| Problem::field("expires_in", error))?;
    let expiry = match (expires_at, span) {
        (Some(_), Some(_)) => return Err(Problem::field("expires_in", RequestFault::NotWith("expires_at"))),
        (Some(at), None) => Expiry::At(at),
        (None, Some(span)) => Expiry::In(span),
        (None, None) => Expiry::Never,
    };
    let create = CreateToken { name: body.name, role: body.role, accounts: body.account_ids, expiry };
    let shape = |(row, token), _: &Context, _| json!(TokenView::new(row, Some(token)));
    asked.request.once(&api, StatusCode::CREATED, caller.does(create), shape).await
}

async fn list(api: web::Data<Api>, asked: Query<PageQuery>) -> Answer {
    let paging = asked.0.paging()?;
    let all = api.db.perform(ListTokens).await?;
    Ok(HttpResponse::Ok().json(page_of_all(all, paging, |row| TokenView::new(row, None))))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteToken(input::id("token", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}
