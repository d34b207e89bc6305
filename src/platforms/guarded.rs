//! What a platform's own code says, where a panic of it must not stop more than its own account.

use super::platform::Platform;
use crate::domain::delivery_class::DeliveryClass;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The code of a platform panicked. What it said is in the program's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the platform's own code broke when it was asked for its delivery class")]
pub struct Panicked;

/// The delivery class of an account with these settings.
pub fn delivery_class(platform: &dyn Platform, settings: &Value) -> Result<DeliveryClass, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.delivery_class(settings))).map_err(|_| Panicked)
}
