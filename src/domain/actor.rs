//! Who wants something done, and from where.

use super::ids::TokenId;
use super::scope::Scope;
use std::fmt;
use std::net::IpAddr;

/// A person, or a program that works for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name of their token, or of the system's user.
    pub name: String,
    /// The token that they came with, where they came over the network.
    pub token: Option<TokenId>,
    pub place: Place,
    /// The accounts that they may see and change.
    pub scope: Scope,
}

impl Actor {
    /// Somebody at this machine, who may do everything: they have the database itself.
    pub fn here(name: impl Into<String>, place: Place) -> Self {
        Actor { name: name.into(), token: None, place, scope: Scope::Everything }
    }
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the other end of a connection.
    Address(IpAddr),
    /// At the other end of a connection that shows no address.
    Network,
    CommandLine,
    /// In a program that uses the library.
    Library,
}

/// `203.0.113.5`, `network`, `cli`, or `library`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Address(address) => address.to_canonical().fmt(f),
            Place::Network => f.write_str("network"),
            Place::CommandLine => f.write_str("cli"),
            Place::Library => f.write_str("library"),
        }
    }
}
