//! What happened, as the judge counts it: who called what, and what became visible to readers.

use super::faults::Effect;
use super::interface::Interface;
use contenthub::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One article that became visible, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visible {
    pub appid: String,
    pub article_id: String,
    /// Its place among the articles that were published together, from 1.
    pub index: usize,
    pub title: String,
    /// What readers see as “read the original”; where publishers put their marker.
    pub content_source_url: String,
    pub url: String,
    pub at: Timestamp,
}

/// One request, in the order in which they were answered.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub interface: Interface,
    /// Whose token it came with, good or no longer, or whose id where a token was asked for.
    pub appid: Option<String>,
    /// What it came with. What it was given is in the next calls.
    pub token: Option<String>,
    pub peer: IpAddr,
    pub at: Timestamp,
    pub effect: Effect,
    pub told: Told,
}

/// What the client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// An `errcode`, 0 where it is well.
    Code(i32),
    /// Nothing: it hangs, was reset, or a gateway answered.
    Nothing,
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub calls: Vec<Call>,
    pub visible: Vec<Visible>,
}

impl Ledger {
    /// How often each thing became visible that `of` names.
    pub fn visible_by(&self, of: impl Fn(&Visible) -> String) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for one in &self.visible {
            *counts.entry(of(one)).or_insert(0) += 1;
        }
        counts
    }
}
