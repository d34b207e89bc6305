//! The mechanisms that the judge must miss when they are gone. They are switched off in the simulation, never in the
//! product: in the model of the database, or between the product's parts.

use crate::faults::{Death, Kind, Plan};
use crate::time::MINUTE;
use std::time::Duration;

/// A mechanism that is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// An outcome is written whoever holds the entry.
    Fence,
    /// A claim is acted on however old it is.
    TrustWindow,
    /// A step that cannot be taken back is begun without a word.
    Intent,
    /// What may be out is not marked as such.
    UnprovenMark,
    /// Two nodes claim on a lane at once, each as if it were alone.
    LaneLock,
}

impl Sabotage {
    pub const ALL: [Sabotage; 5] = [
        Sabotage::Fence,
        Sabotage::TrustWindow,
        Sabotage::Intent,
        Sabotage::UnprovenMark,
        Sabotage::LaneLock,
    ];

    /// The invariants that hang on it.
    pub fn breaks(self) -> &'static [u8] {
        match self {
            Sabotage::Fence => &[3],
            Sabotage::TrustWindow => &[1, 2, 8],
            Sabotage::Intent => &[8],
            Sabotage::UnprovenMark => &[2, 4],
            Sabotage::LaneLock => &[4],
        }
    }

    /// More of what the mechanism is there for.
    pub fn aim(self, plan: &mut Plan) {
        let faults = &mut plan.faults;
        match self {
            Sabotage::Fence => {
                (plan.nodes, plan.death) = (2, Death::LeaseExpired);
                faults.pause = 30;
            }
            Sabotage::TrustWindow => {
                (plan.nodes, plan.death, plan.lease) = (2, Death::LeaseExpired, Duration::from_secs(10));
                plan.lanes.iter_mut().for_each(|lane| lane.kind = Kind::Detects);
                (faults.pause, plan.calm_at) = (30, 10 * MINUTE);
                faults.skew = 0;
            }
            Sabotage::Intent => plan.lanes.iter_mut().for_each(|lane| lane.kind = Kind::StepsBlind),
            Sabotage::UnprovenMark => faults.reset = 250,
            Sabotage::LaneLock => plan.nodes = 3,
        }
    }
}
