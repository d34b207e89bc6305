//! What the operating system and the log say of a run.

use super::BenchError;
use crate::app::App;
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::operations::{Access, Context, Operation, OperationError};
use diesel::prelude::*;

/// How the attempts went, by the log.
pub struct Attempts {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    sorted_ms: Vec<f64>,
}

impl Attempts {
    /// Those of them that are `wanted`, by account and start.
    pub fn read(app: &App, wanted: impl Fn(AccountId, Timestamp) -> bool) -> Result<Self, BenchError> {
        let rows = app.run(AllAttempts)?.into_iter();
        let rows: Vec<(Timestamp, Timestamp)> = rows
            .filter(|(account, start, _)| wanted(*account, *start))
            .map(|(_, start, end)| (start, end))
            .collect();
        let mut sorted_ms: Vec<f64> =
            rows.iter().map(|(start, end)| end.since(*start).as_secs_f64() * 1000.0).collect();
        sorted_ms.sort_by(f64::total_cmp);
        let first = rows.iter().map(|(start, _)| *start).min();
        let last = rows.iter().map(|(_, end)| *end).max();
        Ok(Attempts { first, last, sorted_ms })
    }

    /// From the first request to the last answer.
    pub fn span_seconds(&self) -> Option<f64> {
        let span = self.last?.since(self.first?).as_secs_f64();
        (span > 0.0).then_some(span)
    }

    pub fn percentile(&self, percent: f64) -> f64 {
        percentile(&self.sorted_ms, percent)
    }
}

struct AllAttempts;

impl Operation for AllAttempts {
    type Output = Vec<(AccountId, Timestamp, Timestamp)>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Self::Output, OperationError> {
        use crate::db::schema::publish_logs::dsl;
        Ok(dsl::publish_logs.select((dsl::account_id, dsl::started_at, dsl::finished_at)).load(conn)?)
    }
}

/// Of sorted values; 0 where there are none.
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let place = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// User and system time of a process; 0 where it cannot be read.
pub fn cpu_seconds(pid: u32) -> f64 {
    // Linux counts in hundredths of a second for programs (proc(5): utime and stime, fields 14 and 15).
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// The most memory that this process has had, in MB; 0 where it cannot be read.
pub fn peak_rss_mb() -> f64 {
    memory_mb("/proc/self/status", "VmHWM")
}

/// A line of a process's status file (proc(5)), in MB; 0 where it cannot be read.
pub fn memory_mb(status_file: &str, name: &str) -> f64 {
    let status = std::fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([50.0, 99.0, 100.0].map(|percent| percentile(&sorted, percent)), [50.0, 99.0, 100.0]);
        assert_eq!(percentile(&[7.0], 50.0), 7.0);
        assert_eq!(percentile(&[], 50.0), 0.0);
    }
}
