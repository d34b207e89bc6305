//! What a platform's own code says, where a panic of it must not stop more than its own account.

use super::platform::Platform;
use crate::domain::delivery_class::DeliveryClass;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The code of a platform panicked. What it said is in the program's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the platform's own code broke when it was asked about itself")]
pub struct Panicked;

/// The delivery class of an account with these settings.
pub fn delivery_class(platform: &dyn Platform, settings: &Value) -> Result<DeliveryClass, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.delivery_class(settings))).map_err(|_| Panicked)
}

/// How long after a request what it made is certain to be found, on an account with these settings.
pub fn settle_time(platform: &dyn Platform, settings: &Value) -> Result<Duration, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.settle_time(settings))).map_err(|_| Panicked)
}

/// Whether a publish has several steps that are kept.
pub fn has_steps(platform: &dyn Platform) -> Result<bool, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.has_steps())).map_err(|_| Panicked)
}
