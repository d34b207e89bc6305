//! The pool in numbers.

/// The pool in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PoolStats {
    pub total: i64,
    pub pending: i64,
    pub publishing: i64,
    pub published: i64,
    pub failed: i64,
    pub uncertain: i64,
    pub cancelled: i64,
    pub due_now: i64,
    /// How long the oldest due entry has been due, in seconds.
    pub oldest_due_seconds: Option<f64>,
    /// Failed among those that came to an end, 0 to 1.
    pub failure_rate: f64,
}
