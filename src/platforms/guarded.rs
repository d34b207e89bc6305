//! What a platform's own code says, where a panic of it must not stop more than its own account.

use super::platform::{Article, Credentials, Destination, Platform, TestCall};
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::field_error::FieldError;
use crate::domain::kept::message::KeptMessage;
use crate::domain::media_limits::PictureRules;
use crate::domain::tested::{TEST_MAX, Tested};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// The code of a platform panicked. What it said is in the program's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", KeptMessage::PlatformBroke)]
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

/// Whether the platform takes less of an article than every content may hold.
pub fn has_limits(platform: &dyn Platform) -> Result<bool, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.has_limits())).map_err(|_| Panicked)
}

/// What of an article an account with these settings does not take.
pub fn check_article(
    platform: &dyn Platform,
    settings: &Value,
    article: &Article,
) -> Result<Result<(), Vec<FieldError>>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.check_article(settings, article))).map_err(|_| Panicked)
}

/// How many attempts of an account are on the wire at once where nobody has said it.
pub fn concurrency(platform: &dyn Platform) -> Result<i32, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.concurrency())).map_err(|_| Panicked)
}

/// What is wrong with an account's settings and secrets.
pub fn check(
    platform: &dyn Platform,
    settings: &Value,
    credentials: &Credentials,
) -> Result<Result<(), Vec<FieldError>>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.check(settings, credentials))).map_err(|_| Panicked)
}

/// How many articles one post of the platform may have.
pub fn articles_max(platform: &dyn Platform) -> Result<usize, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.articles_max())).map_err(|_| Panicked)
}

/// What an account with these settings takes of an article's pictures.
pub fn picture_rules(platform: &dyn Platform, settings: &Value) -> Result<Option<PictureRules>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| platform.picture_rules(settings))).map_err(|_| Panicked)
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
    test_within(TEST_MAX, platform, destination).await
}

async fn test_within(limit: Duration, platform: Arc<dyn Platform>, destination: Arc<Destination>) -> Tested {
    match has_test(&*platform, &destination.settings) {
        Ok(true) => {}
        Ok(false) => return Tested::Untestable,
        Err(panicked) => return Tested::failed("panic", panicked),
    }
    let Ok(place) = TESTS.try_acquire() else {
        return Tested::failed("busy", KeptMessage::TooManyTests);
    };
    super::install_crypto_provider();
    let call = TestCall { destination, time_left: limit };
    let (told, answer) = oneshot::channel();
    let run = move || {
        let _place = place;
        let tested = actix_rt::System::new()
            .block_on(async move { timeout(limit, async { platform.test(call).await }).await });
        // Nobody listens any more where it took too long.
        let _ = told.send(tested.unwrap_or_else(|_| out_of_time(limit)));
    };
    if let Err(error) = std::thread::Builder::new().name("contenthub-test".to_owned()).spawn(run) {
        return Tested::failed("no_thread", KeptMessage::NoThread { why: error.to_string() });
    }
    match timeout(limit + LAST_WORD, answer).await {
        Ok(Ok(tested)) => tested,
        // It was dropped by a panic.
        Ok(Err(_)) => Tested::failed("panic", Panicked),
        Err(_) => out_of_time(limit),
    }
}

fn out_of_time(limit: Duration) -> Tested {
    Tested::failed("timeout", KeptMessage::NoEnd { seconds: limit.as_secs() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Seen;
    use crate::platforms::platform::{FieldError, PublishCall, SecretField};
    use futures_util::FutureExt;
    use futures_util::future::{LocalBoxFuture, pending, ready};
    use std::sync::mpsc;

    /// Tests itself by calling this.
    struct Played(fn() -> LocalBoxFuture<'static, Tested>);

    impl Platform for Played {
        fn name(&self) -> &'static str {
            "played"
        }

        fn about(&self) -> &'static str {
            ""
        }

        fn settings_schema(&self) -> Value {
            Value::Null
        }

        fn secret_fields(&self) -> &'static [SecretField] {
            &[]
        }

        fn delivery_class(&self, _: &Value) -> DeliveryClass {
            DeliveryClass::Blind
        }

        fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
            Ok(())
        }

        fn publish(&self, _: PublishCall) -> LocalBoxFuture<'static, Seen> {
            ready(Seen::NotSent).boxed_local()
        }

        fn has_test(&self, settings: &Value) -> bool {
            assert_ne!(settings, "panics", "on purpose");
            settings != "none"
        }

        fn test(&self, _: TestCall) -> LocalBoxFuture<'static, Tested> {
            self.0()
        }
    }

    fn tested(settings: &str, play: fn() -> LocalBoxFuture<'static, Tested>) -> Tested {
        let destination = Destination {
            account_id: crate::domain::ids::AccountId(1),
            account_name: "a".to_owned(),
            settings: Value::from(settings),
            credentials: Credentials::default(),
        };
        let test = test_within(Duration::from_millis(200), Arc::new(Played(play)), Arc::new(destination));
        actix_rt::System::new().block_on(test)
    }

    #[test]
    fn whatever_a_platforms_code_does_is_its_tests_failure() {
        let fine = || ready(Tested::Fine { checked: "".into(), warning: None }).boxed_local();
        let panics_at_once = || panic!("on purpose");
        let panics = || async { panic!("on purpose") }.boxed_local();
        let hangs = || pending().boxed_local();
        let blocks = || {
            // As long as the test program runs.
            let (_kept, never) = mpsc::channel::<Tested>();
            ready(never.recv().unwrap_or(Tested::Untestable)).boxed_local()
        };
        for (settings, play, code) in [
            ("panics", fine as fn() -> _, "panic"),
            ("", panics_at_once, "panic"),
            ("", panics, "panic"),
            ("", hangs, "timeout"),
            ("", blocks, "timeout"),
        ] {
            match tested(settings, play) {
                Tested::PlatformFailed(problem) => assert_eq!(problem.code, code),
                other => panic!("{code}: {other:?}"),
            }
        }
        assert_eq!(tested("none", panics), Tested::Untestable);
        assert!(tested("", fine).is_fine());
    }
}
