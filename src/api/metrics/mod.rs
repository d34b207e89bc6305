//! `/metrics`: what Prometheus reads. Most of it is in memory; what waits is read of the database, in a few steps of indexes
//! for each account however much that is, and left out where the database does not answer soon.

mod samples;
mod table;

use super::Api;
use super::problem::Answer;
use super::roles::Concern;
use super::routes::Routes;
use crate::db::database_url::DatabaseUrl;
use crate::db::pool_counts::Counts;
use crate::db::status::Status;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::metrics::accounts::Named;
use crate::metrics::{DatabaseLoad, Metrics};
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::pool::CountPool;
use crate::operations::status::GetStatus;
use crate::views::NodeStatusView;
use actix_web::{HttpResponse, web};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
pub use table::{METRICS, Metric, markdown};

/// Whoever asks for metrics does not wait longer for the database: Prometheus gives up after 10 s by itself.
const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub fn routes(routes: &mut Routes) {
    routes.group("The server itself");
    routes
        .beside("/metrics", (Role::Viewer, Concern::All), metrics, "Show metrics")
        .about("In the text format of Prometheus.")
        .text("text/plain");
}

async fn metrics(api: web::Data<Api>) -> Answer {
    let read = read(&api).await;
    let mut text = String::new();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape::new(&api, read)));
    encode(&mut text, &registry).map_err(|error| OperationError::from(Broken::Said(error.to_string())))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

async fn read(api: &Api) -> Option<Read> {
    let db = api.db.clone();
    let read = async move {
        Ok::<Read, OperationError>(Read {
            status: db.perform(GetStatus).await?,
            pool: db.perform(CountPool).await?,
        })
    };
    // Waited for to its end by somebody in any case: that a thread does not answer is found out so.
    match tokio::time::timeout(DATABASE_ANSWERS_WITHIN, actix_rt::spawn(read)).await {
        Ok(Ok(Ok(read))) => return Some(read),
        Ok(Ok(Err(error))) => log::warn!("metrics are shown without what waits: {error}"),
        Ok(Err(_)) | Err(_) => log::warn!("metrics are shown without what waits: no answer of the database"),
    }
    None
}

/// What is read of the database.
struct Read {
    status: Status,
    pool: BTreeMap<AccountId, Counts>,
}

/// What is shown at one time.
#[derive(Debug)]
struct Scrape {
    node: NodeStatusView,
    started_at: Timestamp,
    database: &'static str,
    jobs: usize,
    metrics: Arc<Metrics>,
    loads: [(&'static str, Arc<DatabaseLoad>); 3],
    accounts: Vec<Named>,
    /// None where the database did not answer.
    status: Option<Status>,
    pool: BTreeMap<AccountId, Counts>,
}

impl Scrape {
    fn new(api: &Api, read: Option<Read>) -> Self {
        let (status, pool) = read.map(|read| (read.status, read.pool)).unzip();
        let metrics = api.crew.metrics().clone();
        if let Some(status) = &status {
            let names: BTreeMap<AccountId, &str> =
                status.lanes.iter().map(|lane| (lane.account, lane.name.as_str())).collect();
            metrics.accounts.are(&names);
        }
        Scrape {
            node: api.crew.status(),
            started_at: api.crew.started_at(),
            database: match api.crew.database() {
                DatabaseUrl::Sqlite(_) => "sqlite",
                DatabaseUrl::Postgres(_) => "postgresql",
            },
            jobs: api.crew.jobs().ids().len(),
            loads: api.db.loads().map(|(name, load)| (name, load.clone())),
            accounts: metrics.accounts.named(),
            metrics,
            status,
            pool: pool.unwrap_or_default(),
        }
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        METRICS.iter().try_for_each(|metric| metric.show(self, &mut encoder))
    }
}
