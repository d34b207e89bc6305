//! What a platform's own code says, where a panic of it must not stop more than its own account.

use super::platform::{Destination, Platform, TestCall};
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::tested::{TEST_MAX, Tested};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

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

/// Whether an account with these settings can be tested.
pub fn has_test(platform: &dyn Platform, settings: &Value) -> Result<bool, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.has_test(settings))).map_err(|_| Panicked)
}

/// Tests that a process runs at once; a platform that blocks its threads takes no more of them.
const TESTS_MAX: usize = 16;
static TESTS: Semaphore = Semaphore::const_new(TESTS_MAX);
/// A test gets this much longer than its time to notice that it is over.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Tests an account, on a thread of its own: code that panics, or that blocks its thread for good, is that test's
/// failure and nothing else's.
pub async fn test(platform: Arc<dyn Platform>, destination: Arc<Destination>) -> Tested {
    match has_test(&*platform, &destination.settings) {
        Ok(true) => {}
        Ok(false) => return Tested::Untestable,
        Err(panicked) => return Tested::failed("panic", panicked.to_string()),
    }
    let Ok(place) = TESTS.try_acquire() else {
        return Tested::failed("busy", "too many tests are under way; try again in a minute");
    };
    super::install_crypto_provider();
    let call = TestCall { destination, time_left: TEST_MAX };
    let (told, answer) = oneshot::channel();
    let run = move || {
        let _place = place;
        let tested = actix_rt::System::new().block_on(timeout(TEST_MAX, async { platform.test(call).await }));
        // Nobody listens any more where it took too long.
        let _ = told.send(tested.unwrap_or_else(|_| out_of_time()));
    };
    if let Err(error) = std::thread::Builder::new().name("contenthub-test".to_owned()).spawn(run) {
        return Tested::failed("no_thread", format!("there is no thread for the test: {error}"));
    }
    match timeout(TEST_MAX + LAST_WORD, answer).await {
        Ok(Ok(tested)) => tested,
        // It was dropped by a panic.
        Ok(Err(_)) => Tested::failed("panic", Panicked.to_string()),
        Err(_) => out_of_time(),
    }
}

fn out_of_time() -> Tested {
    Tested::failed("timeout", format!("no end within {} s", TEST_MAX.as_secs()))
}
