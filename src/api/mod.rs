//! The HTTP API. Handlers extract, send one operation, and shape the answer; a file a resource.

mod accounts;
mod adding;
mod audit;
mod client;
mod contents;
mod cors;
mod creating;
mod edge;
mod events;
mod form;
mod health;
mod history;
mod input;
mod language;
mod media;
mod metrics;
mod openapi;
mod pool;
mod preview;
mod problem;
mod publishing;
mod query;
mod rates;
mod reading;
mod roles;
mod routes;
mod runs;
mod scheduler;
mod sites;
mod tokens;
mod versions;
pub mod wrong_tokens;

use crate::actors::crew::Crew;
use crate::actors::db::DbHandle;
use crate::actors::event_tail::EventTail;
use crate::actors::shared_reads::SharedReads;
use crate::actors::token_uses::TokenUses;
use crate::config::ServerSettings;
use crate::domain::clock::Clock;
use crate::operations::events::ReadEvents;
use crate::operations::pool::ListEntries;
use crate::operations::token::Recognise;
use crate::operations::{Context, OperationError, Page, Paging};
use crate::views::{Here, PageView};
use actix_web::dev::HttpServiceFactory;
use actix_web::middleware::from_fn;
use actix_web::{Route, web};
pub use client::client_address;
pub use metrics::{METRICS, Metric, markdown as metrics_table};
pub use openapi::document;
pub use rates::Rates;
use routes::Routes;
use schemars::JsonSchema;
use serde::Deserialize;
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
    /// What happens, and how far it may be told.
    pub events: SharedReads<ReadEvents>,
    pub event_tail: EventTail,
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

impl Api {
    /// What this server knows of why entries wait.
    fn here(&self) -> Here {
        Here::server(self.cx.can_decrypt(), self.crew.hold().map(|hold| hold.to_string()))
    }
}

/// All routes, each error of which is a problem.
pub fn routes(api: web::Data<Api>) -> impl HttpServiceFactory {
    let at_the_edge = api.clone();
    web::scope("")
        .wrap(from_fn(problem::every_error_is_a_problem))
        .wrap(from_fn(move |request, next| edge::guard(at_the_edge.clone(), request, next)))
        .app_data(api)
        .configure(|config| all().configure(false, config))
        .configure(sites::routes)
        .service(
            web::scope(routes::V1)
                .wrap(from_fn(roles::authenticate))
                .configure(|config| all().configure(true, config))
                .default_service(web::to(problem::unknown_route)),
        )
        .default_service(web::to(problem::unknown_route))
}

/// For what is asked of no path, such as `OPTIONS *`.
pub fn elsewhere(api: web::Data<Api>) -> Route {
    web::to(problem::unknown_route)
        .wrap(from_fn(move |request, next| edge::guard(api.clone(), request, next)))
}

/// The list of them.
fn all() -> Routes {
    let mut routes = Routes::default();
    contents::routes(&mut routes);
    media::routes(&mut routes);
    // Before the pool, whose paths with an id would take these for one.
    adding::routes(&mut routes);
    publishing::routes(&mut routes);
    pool::routes(&mut routes);
    accounts::routes(&mut routes);
    scheduler::routes(&mut routes);
    preview::routes(&mut routes);
    runs::routes(&mut routes);
    history::routes(&mut routes);
    tokens::routes(&mut routes);
    audit::routes(&mut routes);
    events::routes(&mut routes);
    health::routes(&mut routes);
    metrics::routes(&mut routes);
    openapi::routes(&mut routes);
    routes
}

/// Which page of a list is wanted, where that is all that can be asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
    // Read by `language::Reader`.
    #[serde(rename = "lang")]
    #[schemars(skip)]
    _lang: Option<String>,
}

impl PageQuery {
    fn paging(&self) -> Result<Paging, OperationError> {
        Paging::new(self.page, self.page_size)
    }
}

/// A page of a short list that was read whole.
fn page_of_all<T, V>(all: Vec<T>, paging: Paging, view: impl Fn(T) -> V) -> PageView<V> {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (skipped, taken) = (usize::try_from(paging.offset()), usize::try_from(paging.limit()));
    let items: Vec<T> =
        all.into_iter().skip(skipped.unwrap_or(usize::MAX)).take(taken.unwrap_or(0)).collect();
    page(paging.of((items, total)), view)
}

/// A page of a list, as every list is answered.
fn page<T, V>(page: Page<T>, view: impl Fn(T) -> V) -> PageView<V> {
    let Page { items, total, page, page_size } = page.map(view);
    PageView { items, total, page, page_size }
}
