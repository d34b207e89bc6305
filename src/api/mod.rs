//! The HTTP API. Handlers extract, send one operation, and shape the answer; a file a resource.

mod accounts;
mod contents;
mod health;
mod history;
mod input;
mod pool;
mod problem;
mod roles;
mod scheduler;
mod tokens;

use crate::actors::db::DbHandle;
use crate::domain::clock::Clock;
use crate::operations::{Context, Page};
use actix_web::web;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// What handlers have at hand.
#[derive(Clone)]
pub struct Api {
    pub db: DbHandle,
    pub cx: Arc<Context>,
    pub clock: Arc<dyn Clock>,
    /// Where the folder platform writes; shown at `/demo/`.
    pub sites: PathBuf,
}

/// The largest body that is read, in bytes.
pub const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// All routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(BODY_MAX_BYTES))
        .configure(health::routes)
        .service(
            web::scope("/api/v1")
                .wrap(actix_web::middleware::from_fn(roles::authenticate))
                .configure(pool::routes)
                .configure(contents::routes)
                .configure(accounts::routes)
                .configure(scheduler::routes)
                .configure(history::routes)
                .configure(tokens::routes)
                .default_service(web::to(problem::unknown_route)),
        )
        .default_service(web::to(problem::unknown_route));
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
