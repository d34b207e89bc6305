//! What a platform does not take, though every content may hold it.

use std::fmt;

/// A field that is longer than a platform takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has {has} {unit}, {} more than {platform} takes (at most {most})", self.excess())]
pub struct LimitFault {
    pub has: usize,
    pub most: usize,
    pub unit: Unit,
    /// Who takes no more, as users write it.
    pub platform: &'static str,
}

impl LimitFault {
    /// How much has to go.
    pub fn excess(&self) -> usize {
        self.has.saturating_sub(self.most)
    }
}

/// In what a text is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Characters,
    Bytes,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Characters => "characters",
            Unit::Bytes => "bytes",
        })
    }
}
