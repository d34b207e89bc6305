//! How often one token may ask: `requests_per_minute`, at once or spread over the minute.

use super::problem::Problem;
use crate::domain::ids::TokenId;
use actix_web::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

type Counted = governor::DefaultKeyedRateLimiter<i64>;

/// Shared by all threads. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rates(Option<Arc<Counted>>);

impl Rates {
    /// None: any number.
    pub fn new(per_minute: Option<NonZeroU32>) -> Self {
        Rates(per_minute.map(|most| Arc::new(RateLimiter::keyed(Quota::per_minute(most)))))
    }

    /// Counts a request. Tokens are few, so that each is remembered for good.
    pub fn count(&self, token: TokenId) -> Result<(), Problem> {
        let Some(counted) = &self.0 else { return Ok(()) };
        counted.check_key(&token.0).map_err(|full| {
            let wait = full.wait_time_from(DefaultClock::default().now());
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            let detail = format!("this token asks too often; the next request is answered in {seconds} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).wait(seconds)
        })
    }
}
