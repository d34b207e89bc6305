//! The HTTP API. Handlers extract, send one operation, and shape the answer; a file a resource.

mod accounts;
mod audit;
mod client;
mod contents;
mod cors;
mod creating;
mod edge;
mod health;
mod history;
mod input;
mod language;
mod pool;
mod preview;
mod problem;
mod publishing;
mod query;
mod rates;
mod roles;
mod scheduler;
mod sites;
mod tokens;
pub mod wrong_tokens;

use crate::actors::crew::Crew;
use crate::actors::db::DbHandle;
use crate::actors::shared_reads::SharedReads;
use crate::actors::token_uses::TokenUses;
use crate::config::ServerSettings;
use crate::domain::clock::Clock;
use crate::operations::pool::ListEntries;
use crate::operations::token::Recognise;
use crate::operations::{Context, Page, Paging};
use actix_web::dev::HttpServiceFactory;
use actix_web::{HttpRequest, web};
pub use client::client_address;
use problem::Problem;
use query::query;
pub use rates::Rates;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use wrong_tokens::WrongTokens;

/// What handlers have at hand.
#[derive(Clone)]
pub struct Api {
    pub db: DbHandle,
    /// Lists of the pool and tokens, which many ask for at once.
    pub lists: SharedReads<ListEntries>,
    pub tokens: SharedReads<Recognise>,
    pub token_uses: TokenUses,
    pub wrong_tokens: Arc<WrongTokens>,
    /// The node that this server runs.
    pub crew: Arc<Crew>,
    pub cx: Arc<Context>,
    pub clock: Arc<dyn Clock>,
    /// Where the folder platform writes; shown at `/demo/`.
    pub sites: PathBuf,
    /// The largest body that is read.
    pub body_max_bytes: usize,
    pub server: ServerSettings,
    pub rates: Rates,
}

/// All routes, each error of which is a problem.
pub fn routes(api: web::Data<Api>) -> impl HttpServiceFactory {
    let at_the_edge = api.clone();
    web::scope("")
        .wrap(actix_web::middleware::from_fn(problem::every_error_is_a_problem))
        .wrap(actix_web::middleware::from_fn(move |request, next| {
            edge::guard(at_the_edge.clone(), request, next)
        }))
        .app_data(web::PayloadConfig::new(api.body_max_bytes))
        .app_data(api)
        .configure(health::routes)
        .configure(sites::routes)
        .service(
            web::scope("/api/v1")
                .wrap(actix_web::middleware::from_fn(roles::authenticate))
                // Before the pool, whose paths with an id would take these for one.
                .configure(publishing::routes)
                .configure(pool::routes)
                .configure(contents::routes)
                .configure(accounts::routes)
                .configure(scheduler::routes)
                .configure(preview::routes)
                .configure(history::routes)
                .configure(tokens::routes)
                .configure(audit::routes)
                .default_service(web::to(problem::unknown_route)),
        )
        .default_service(web::to(problem::unknown_route))
}

/// Which page of a list is wanted, where that is all that can be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    page: Option<i64>,
    page_size: Option<i64>,
    /// Read by [`language::Reader`].
    #[serde(rename = "lang")]
    _lang: Option<String>,
}

fn paging(request: &HttpRequest) -> Result<Paging, Problem> {
    let asked: PageQuery = query(request)?;
    Ok(Paging::new(asked.page, asked.page_size)?)
}

/// A page of a short list that was read whole.
fn page_of_all<T>(all: Vec<T>, paging: Paging, view: impl Fn(T) -> Value) -> Value {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (skipped, taken) = (usize::try_from(paging.offset()), usize::try_from(paging.limit()));
    let items: Vec<T> =
        all.into_iter().skip(skipped.unwrap_or(usize::MAX)).take(taken.unwrap_or(0)).collect();
    page(paging.of((items, total)), view)
}

/// A page of a list, as every list is answered.
fn page<T>(page: Page<T>, view: impl Fn(T) -> Value) -> Value {
    json!({
        "items": page.items.into_iter().map(view).collect::<Vec<_>>(),
        "total": page.total,
        "page": page.page,
        "page_size": page.page_size,
    })
}
