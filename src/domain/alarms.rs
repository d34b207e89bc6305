//! What an operator has to know first: what is wrong, the worst first. `views/status/sentences.rs` has the words.

use super::ids::NodeId;
use super::pause::Paused;
use std::time::Duration;

/// What has been due for so long on a lane that nothing keeps shut ought to have gone out.
pub const LATE_AFTER: Duration = Duration::from_secs(600);

/// A node that has not written for so many leases, where it ought to once in each, cannot;
pub const SILENT_LEASES: u32 = 3;
/// at least this long, because a machine may be busy.
pub const SILENT_MIN: Duration = Duration::from_secs(30);

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// A person paused all publishing.
    Paused(Paused),
    /// Something is due, and there is nobody to send it.
    NobodyPublishes,
    /// A node died with something on the wire that nobody has taken back.
    NodeGone { node: NodeId, in_flight: i64 },
    /// A node that lives holds posts longer than it has said: it stands still, or cannot write.
    NodeSilent { node: NodeId, overdue: i64 },
    /// A node that lives has not written for this long that it does: it stands still, or cannot write.
    NodeUnheard { node: NodeId, since: Duration },
    /// The node that answers cannot write to the database, or nobody can.
    CannotWrite { why: String },
    /// A node sends nothing, because of a clock.
    ClockHeld { node: NodeId, why: String },
    /// This process cannot open the database's credentials.
    WrongSecretKey,
    /// Something is due on these lanes, and no enabled task takes it.
    NoTask { lanes: Vec<String> },
    /// On this lane, which is open, something has been due for this long.
    Late { lane: String, oldest: Duration },
    /// These lanes wait for a person.
    Shut { lanes: Vec<String> },
    /// Posts that may be out, and only a person can tell.
    Uncertain { entries: String, is_one: bool },
    /// Posts that may be out twice, of the last day.
    PossibleDuplicates { count: i64 },
    /// The platforms of these lanes are taken to be down.
    PlatformDown { lanes: Vec<String> },
    /// Parts of a node broke down and were started anew.
    BrokeDown { node: NodeId, times: u64 },
}

impl Alarm {
    /// Stable: scripts may compare it.
    pub fn code(&self) -> &'static str {
        match self {
            Alarm::Paused(_) => "paused",
            Alarm::NobodyPublishes => "nobody_publishes",
            Alarm::NodeGone { .. } => "node_gone",
            Alarm::NodeSilent { .. } | Alarm::NodeUnheard { .. } => "node_silent",
            Alarm::CannotWrite { .. } => "cannot_write",
            Alarm::ClockHeld { .. } => "clock_held",
            Alarm::WrongSecretKey => "wrong_secret_key",
            Alarm::NoTask { .. } => "no_task",
            Alarm::Late { .. } => "late",
            Alarm::Shut { .. } => "account_shut",
            Alarm::Uncertain { .. } => "uncertain",
            Alarm::PossibleDuplicates { .. } => "possible_duplicates",
            Alarm::PlatformDown { .. } => "platform_down",
            Alarm::BrokeDown { .. } => "broke_down",
        }
    }

    /// It does not pass by itself.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Alarm::Paused(_)
            | Alarm::NobodyPublishes
            | Alarm::NodeSilent { .. }
            | Alarm::NodeUnheard { .. }
            | Alarm::CannotWrite { .. }
            | Alarm::WrongSecretKey
            | Alarm::NoTask { .. }
            | Alarm::Late { .. }
            | Alarm::Shut { .. }
            | Alarm::Uncertain { .. }
            | Alarm::PossibleDuplicates { .. } => true,
            Alarm::NodeGone { .. }
            | Alarm::ClockHeld { .. }
            | Alarm::PlatformDown { .. }
            | Alarm::BrokeDown { .. } => false,
        }
    }
}
