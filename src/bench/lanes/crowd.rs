//! Lanes that are in a good one's way, if anything is: one suspended with much that is due and urgent, one spaced, and
//! some whose platform accepts everything and never answers.

use super::super::{BODY_BYTES, BenchError, STUCK, database};
use crate::actors::db::DbHandle;
use crate::app::App;
use crate::domain::account::CONCURRENCY_DEFAULT;
use crate::domain::ids::AccountId;
use crate::domain::lane_settings::LaneChanges;
use crate::domain::priority::Priority;
use crate::engine::slots::OLD_AFTER;
use crate::operations::account::{CreateAccount, SuspendAccount};
use crate::operations::status::GetStatus;
use serde_json::json;
use std::time::{Duration, Instant};

const HANGING: usize = 8;
/// The most that a webhook may be given: no attempt ends while the bench runs.
const HANGS_FOR_SECONDS: u32 = 120;
/// Of the good lane's entries, the suspended lane has this many times as many.
const SUSPENDED_TIMES: usize = 5;
/// The spaced lane has this part of them.
const SPACED_PART: usize = 2;
/// From this many entries on, hanging lanes are as wide as any lane; below, in proportion.
const ENTRIES_PER_HANGING: usize = 25;

/// Lanes beside the good one.
pub struct Crowd {
    pub spaced: AccountId,
    hanging: Vec<AccountId>,
    /// Attempts that fill a hanging lane.
    concurrency: i32,
}

/// How many entries they have beside `entries` of the good lane.
pub fn size(entries: usize) -> usize {
    entries * SUSPENDED_TIMES
}

impl Crowd {
    /// `told` hears how much of [`size`] is done, and may end it.
    pub fn make(
        app: &App,
        entries: usize,
        (url, hanging_url): (&str, &str),
        told: &mut dyn FnMut(usize) -> Result<(), BenchError>,
    ) -> Result<Self, BenchError> {
        let named = |name: &str, url: &str| CreateAccount {
            settings: json!({"url": url, "timeout_seconds": HANGS_FOR_SECONDS}),
            ..CreateAccount::new(name, "webhook")
        };
        let suspended = app.run(named("suspended", url))?.id;
        app.run(SuspendAccount { id: suspended, reason: "for the bench".to_owned(), until: None })?;
        let spacing = LaneChanges { spacing_seconds: Some(1), ..LaneChanges::default() };
        let spaced = app.run(CreateAccount { lane: spacing, ..named("spaced", url) })?.id;
        let most = usize::try_from(CONCURRENCY_DEFAULT).unwrap_or(1);
        let width = (entries / ENTRIES_PER_HANGING).clamp(1, most);
        let concurrency = i32::try_from(width).unwrap_or(CONCURRENCY_DEFAULT);
        let mut hanging = Vec::with_capacity(HANGING);
        for number in 1..=HANGING {
            let name = format!("hanging {number}");
            let create = CreateAccount { concurrency: Some(concurrency), ..named(&name, hanging_url) };
            hanging.push(app.run(create)?.id);
        }
        // An account publishes a content once, but each may publish the same.
        let contents = database::make_contents(app, size(entries), BODY_BYTES, &mut |done| told(done / 2))?;
        let mut added = 0;
        let urgent = Priority::try_from(1).unwrap_or_default();
        for batch in database::additions(&[suspended], &contents, urgent, |_| None) {
            added += batch.items.len();
            app.run(batch)?;
            told((contents.len() + added) / 2)?;
        }
        let mut beside = vec![(spaced, entries.div_ceil(SPACED_PART))];
        // As many wait as hang.
        beside.extend(hanging.iter().map(|account| (*account, 2 * width)));
        for (account, count) in beside {
            let some = &contents[..count.min(contents.len())];
            for batch in database::additions(&[account], some, Priority::default(), |_| None) {
                app.run(batch)?;
                told(size(entries))?;
            }
        }
        Ok(Crowd { spaced, hanging, concurrency })
    }

    /// How many attempts hang, once they all do.
    pub fn full(&self) -> usize {
        self.hanging.len() * usize::try_from(self.concurrency).unwrap_or(0)
    }

    /// Waits until each hanging lane has all on the wire that it may, or is tripped, and none of that holds a shared slot
    /// any more. `told` hears how many hang, and may end it.
    pub async fn until_full(
        &self,
        app: &App,
        db: &DbHandle,
        told: &mut dyn FnMut(usize) -> Result<(), BenchError>,
    ) -> Result<(), BenchError> {
        let (mut most, mut since) = (0, Instant::now());
        loop {
            let lanes = db.perform(GetStatus).await?.lanes;
            let of_ours = || lanes.iter().filter(|lane| self.hanging.contains(&lane.account));
            let hang = of_ours().map(|lane| usize::try_from(lane.in_flight).unwrap_or(0)).sum();
            let are_full =
                of_ours().all(|lane| lane.in_flight >= self.concurrency || lane.health.tripped.is_some());
            told(hang)?;
            if hang > most {
                (most, since) = (hang, Instant::now());
            }
            if are_full && since.elapsed() > OLD_AFTER {
                return Ok(());
            }
            if since.elapsed() > STUCK {
                return Err(BenchError::NotFull(hang));
            }
            app.clock().sleep(Duration::from_millis(50)).await;
        }
    }
}
