//! The test before a probe. Of a blind platform nobody can tell whether it has a post that it did not answer, so that a
//! probe which meets a platform that is still down would need a person. Where the platform can be tested, that is done
//! first, and nothing of the post leaves before it went well.

use super::{Broken, bounded};
use crate::domain::clock::Clock;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::outcome::Seen;
use crate::domain::tested::{TEST_MAX, Tested};
use crate::domain::trust::Trust;
use crate::operations::ready::Ready;
use crate::platforms::guarded;
use crate::platforms::platform::TestCall;

/// What keeps a probe back; none where it may go out.
pub(super) async fn keeps_back(ready: &Ready, trust: &Trust, clock: &dyn Clock) -> Option<Seen> {
    let has_test = || guarded::has_test(&*ready.platform, &ready.destination.settings).unwrap_or(false);
    if ready.rules.class != DeliveryClass::Blind || !has_test() {
        return None;
    }
    // The other half is the post's.
    let time_left = TEST_MAX.min(trust.left() / 2);
    if time_left.is_zero() {
        return Some(Seen::NotSent);
    }
    let (platform, call) =
        (ready.platform.clone(), TestCall { destination: ready.destination.clone(), time_left });
    let tested = bounded(clock, time_left, async move { platform.test(call).await }).await;
    // A test that broke says nothing good of the platform, nor anything of the post.
    tested.unwrap_or_else(|broken: Broken| Tested::PlatformFailed(broken.problem())).keeps_back()
}
