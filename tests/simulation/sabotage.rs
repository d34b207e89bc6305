//! The mechanisms that the judge must miss when they are gone. They are switched off in the simulation, never in the
//! product: in the model of the database, or between the product's parts.

use crate::faults::{Death, Kind, Plan};
use crate::time::{HOUR, MINUTE};
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
    /// What is too late waits on.
    Sweep,
    /// What is not approved is not held back.
    Hold,
    /// What may be out is sent again as it is now.
    Repeat,
    /// A node goes by a clock that may be wrong.
    ClockHold,
    /// What a person wants out now goes out where its lane is shut, too.
    Demand,
}

impl Sabotage {
    pub const ALL: [Sabotage; 10] = [
        Sabotage::Fence,
        Sabotage::TrustWindow,
        Sabotage::Intent,
        Sabotage::UnprovenMark,
        Sabotage::LaneLock,
        Sabotage::Sweep,
        Sabotage::Hold,
        Sabotage::Repeat,
        Sabotage::ClockHold,
        Sabotage::Demand,
    ];

    /// The invariants that hang on it.
    pub fn breaks(self) -> &'static [u8] {
        match self {
            Sabotage::Fence => &[3],
            Sabotage::TrustWindow => &[1, 2, 8],
            Sabotage::Intent => &[8],
            Sabotage::UnprovenMark => &[2, 4],
            Sabotage::LaneLock | Sabotage::Demand => &[4],
            Sabotage::Sweep => &[11],
            Sabotage::Hold | Sabotage::Repeat => &[10],
            Sabotage::ClockHold => &[12],
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
            Sabotage::Sweep => plan.entries.iter_mut().for_each(|entry| entry.late_after = Some(10)),
            Sabotage::Hold | Sabotage::Repeat => {
                (plan.review, faults.reset) = (self == Sabotage::Hold, 250);
                plan.acts = (1..200).map(|at| at * plan.calm_at / 200).collect();
            }
            Sabotage::Demand => plan.acts = (1..200).map(|at| at * plan.calm_at / 200).collect(),
            Sabotage::ClockHold => (faults.clock_step, faults.skew) = (20, HOUR),
        }
    }
}
