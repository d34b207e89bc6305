//! Which state of a thing somebody has read, and in which a change of it may be made.

use std::fmt;

/// Tells one state of a thing from another. It has no order, and nothing else can be read off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    pub fn new(word: impl Into<String>) -> Self {
        Version(word.into())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As what a thing is expected to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// In any state, as long as it is there.
    Any,
    OneOf(Vec<Version>),
}

impl Expected {
    pub fn fits(&self, version: &Version) -> bool {
        match self {
            Expected::Any => true,
            Expected::OneOf(versions) => versions.contains(version),
        }
    }
}
