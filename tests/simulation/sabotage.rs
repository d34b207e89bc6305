//! The mechanisms that the judge must miss when they are gone. They are switched off in the simulation, never in the
//! product: in the model of the database, or between the product's parts.

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
}
