//! The test before a probe. Of a blind platform nobody can tell whether it has a post that it did not answer, so that a
//! probe which meets a platform that is still down would need a person. Where the platform can be tested, that is done
//! first, and nothing of the post leaves before it went well.

use super::{Broken, bounded};
use crate::actors::checkpoints::Checkpoints;
use crate::db::checkpoints::TEST;
use crate::domain::clock::Clock;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::outcome::Seen;
use crate::domain::tested::{TEST_MAX, Tested};
use crate::domain::trust::Trust;
use crate::operations::ready::Ready;
use crate::platforms::guarded;
use crate::platforms::journal::{Keeper, Mark, not_begun};
use crate::platforms::platform::TestCall;

/// The post is sent now, once its place was tested.
const SENT: &str = "sent";

/// Whether this place is tested before a probe.
pub(super) fn is_tested(ready: &Ready) -> bool {
    let has_test = || guarded::has_test(&*ready.platform, &ready.destination.settings).unwrap_or(false);
    ready.rules.class == DeliveryClass::Blind && has_test()
}

/// Tests the place of a probe. Gives back what keeps it; none where it may go out. Whoever finds the claim of a node that died
/// meanwhile sees that nothing was sent before the test had gone well.
pub(super) async fn keeps_back(
    ready: &Ready,
    trust: &Trust,
    clock: &dyn Clock,
    number: i32,
    keeper: &Checkpoints,
) -> Option<Seen> {
    if let Err(why) = keeper.keep(TEST, Mark::Result(number.into())).await {
        return Some(not_begun(TEST, why));
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
    let tested = tested.unwrap_or_else(|broken: Broken| Tested::PlatformFailed(broken.problem()));
    if let Some(seen) = tested.keeps_back() {
        return Some(seen);
    }
    keeper.keep(SENT, Mark::Intent).await.err().map(|why| not_begun(SENT, why))
}
