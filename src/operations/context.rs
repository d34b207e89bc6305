//! What operations know besides the database: fixed when a process starts.

use super::ready::ReadyAccounts;
use super::sweeps::AwayLanes;
use super::task_type::TaskTypes;
use crate::domain::content::ReviewStatus;
use crate::domain::question::SUBMITTED_MAX_DEFAULT;
use crate::domain::retry::{JitterSource, PLATFORM_PAUSE};
use crate::media::Store;
use crate::platforms::registry::Registry;
use crate::secrets::{self, Keyring};
use parking_lot::RwLock;
use std::sync::Arc;
use std::time::Duration;

/// Shared by everything that runs operations in a process.
#[derive(Debug)]
pub struct Context {
    pub registry: Registry,
    pub keys: Keyring,
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
    /// The files of pictures. Without a folder, which programs of their own may leave out, none is taken.
    pub media: Store,
    /// Accounts that attempts were made on, ready for the next.
    pub(super) ready: ReadyAccounts,
    pub(super) away: AwayLanes,
    /// The fingerprint of the key that is missing, if one is.
    wrong_key: RwLock<Option<String>>,
}

impl Context {
    pub fn new(
        registry: Registry,
        keys: impl Into<Keyring>,
        task_types: TaskTypes,
        review_required: bool,
        timezone: chrono_tz::Tz,
    ) -> Self {
        Context {
            registry,
            keys: keys.into(),
            task_types,
            review_required,
            timezone,
            jitter: Arc::new(JitterSource::seeded(secrets::random_u64())),
            submitted_max: SUBMITTED_MAX_DEFAULT,
            platform_pause: PLATFORM_PAUSE,
            media: Store::default(),
            ready: ReadyAccounts::default(),
            away: AwayLanes::default(),
            wrong_key: RwLock::new(None),
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

    /// The same with a folder for pictures.
    pub fn with_media(self, media: Store) -> Self {
        Context { media, ..self }
    }

    /// Whether the database's credentials were sealed with our key, as far as is known.
    pub fn can_decrypt(&self) -> bool {
        self.wrong_key.read().is_none()
    }

    /// The database's credentials were sealed with this key, which we do not have.
    pub fn note_wrong_key(&self, fingerprint: &str) {
        let before = self.wrong_key.write().replace(fingerprint.to_owned());
        if before.as_deref() != Some(fingerprint) {
            log::warn!("this database's credentials were sealed with another key: their accounts stay shut");
        }
    }

    /// They were sealed with one of ours.
    pub fn note_right_key(&self) {
        if !self.can_decrypt() && self.wrong_key.write().take().is_some() {
            log::warn!("the key of this database's credentials is there now");
        }
    }

    /// Where a key is missing, looks whether it has come since.
    pub fn look_for_key(&self) {
        let missing = self.wrong_key.read().clone();
        if missing.is_some_and(|missing| self.keys.get(&missing).is_some()) {
            self.note_right_key();
        }
    }

    /// What a content is when it is new or changed.
    pub fn first_review_status(&self) -> ReviewStatus {
        if self.review_required { ReviewStatus::Draft } else { ReviewStatus::Approved }
    }
}
