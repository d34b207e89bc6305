//! Writes the samples of one metric.

use crate::metrics::Counter;
use crate::metrics::histogram::Histogram;
use prometheus_client::encoding::{MetricEncoder, NoLabelSet};
use std::fmt;

/// Where the samples of one metric go.
pub struct Samples<'a> {
    pub encoder: MetricEncoder<'a>,
    /// The names of the labels, in the order in which their values are given.
    pub labels: &'static [&'static str],
}

impl Samples<'_> {
    pub fn gauge(&mut self, labels: &[&str], value: f64) -> fmt::Result {
        self.labelled(labels, |mut one| one.encode_gauge(&value))
    }

    pub fn counter(&mut self, labels: &[&str], counter: &Counter) -> fmt::Result {
        self.count(labels, counter.get())
    }

    pub fn count(&mut self, labels: &[&str], value: u64) -> fmt::Result {
        self.labelled(labels, |mut one| one.encode_counter::<NoLabelSet, u64, f64>(&value, None))
    }

    /// Nothing where there is nothing to count yet: a dozen lines of zeros for each account tell nobody anything.
    pub fn histogram(&mut self, labels: &[&str], histogram: &Histogram) -> fmt::Result {
        let read = histogram.read();
        if read.count == 0 {
            return Ok(());
        }
        self.labelled(labels, |mut one| {
            one.encode_histogram::<NoLabelSet>(read.sum_seconds, read.count, &read.buckets, None)
        })
    }

    fn labelled(
        &mut self,
        values: &[&str],
        write: impl FnOnce(MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        debug_assert_eq!(self.labels.len(), values.len(), "{:?}", self.labels);
        let labels: Vec<(&str, &str)> = self.labels.iter().copied().zip(values.iter().copied()).collect();
        write(self.encoder.encode_family(&labels)?)
    }
}
