//! ContentHub: a self-hosted publishing engine.

pub mod domain;
pub mod db;
pub mod platforms;
