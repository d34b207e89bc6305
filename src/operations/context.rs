//! What operations know besides the database: fixed when a process starts.

use super::ready::ReadyAccounts;
use super::sweeps::AwayLanes;
use super::task_type::TaskTypes;
use crate::domain::content::ReviewStatus;
use crate::domain::question::SUBMITTED_MAX_DEFAULT;
use crate::domain::retry::{JitterSource, PLATFORM_PAUSE};
use crate::platforms::registry::Registry;
use crate::secrets::{self, SecretKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Shared by everything that runs operations in a process.
#[derive(Debug)]
pub struct Context {
    pub registry: Registry,
    pub key: SecretKey,
    /// The kinds of tasks that there are.
    pub task_types: TaskTypes,
    /// Contents want approval before they go out.
    pub review_required: bool,
    /// The zone of times that are given without an offset.
    pub timezone: chrono_tz::Tz,
    /// Spreads retries. Nobody can tell how, unless it is given a seed.
    pub jitter: Arc<JitterSource>,
    /// What a platform works on for longer is a person's to look at.
    pub submitted_max: Duration,
    /// After a platform failed nothing more is tried for so long; probes begin with this pause, and double it.
    pub platform_pause: Duration,
    /// Accounts that attempts were made on, ready for the next.
    pub(super) ready: ReadyAccounts,
    pub(super) away: AwayLanes,
    wrong_key: AtomicBool,
}

impl Context {
    pub fn new(
        registry: Registry,
        key: SecretKey,
        task_types: TaskTypes,
        review_required: bool,
        timezone: chrono_tz::Tz,
    ) -> Self {
        Context {
            registry,
            key,
            task_types,
            review_required,
            timezone,
            jitter: Arc::new(JitterSource::seeded(secrets::random_u64())),
            submitted_max: SUBMITTED_MAX_DEFAULT,
            platform_pause: PLATFORM_PAUSE,
            ready: ReadyAccounts::default(),
            away: AwayLanes::default(),
            wrong_key: AtomicBool::new(false),
        }
    }

    /// The same with another limit on how long a platform may work on what it accepted.
    pub fn with_submitted_max(self, submitted_max: Duration) -> Self {
        Context { submitted_max, ..self }
    }

    /// The same with another pause after failures of platforms.
    pub fn with_platform_pause(self, platform_pause: Duration) -> Self {
        Context { platform_pause, ..self }
    }

    /// Whether the database's credentials were sealed with our key, as far as is known.
    pub fn can_decrypt(&self) -> bool {
        !self.wrong_key.load(Ordering::Relaxed)
    }

    /// Another key sealed the database's credentials.
    pub fn note_wrong_key(&self) {
        self.wrong_key.store(true, Ordering::Relaxed);
    }

    /// What a content is when it is new or changed.
    pub fn first_review_status(&self) -> ReviewStatus {
        if self.review_required { ReviewStatus::Draft } else { ReviewStatus::Approved }
    }
}
