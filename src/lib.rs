//! ContentHub: a self-hosted publishing engine. It puts each post on the right platform, at the right moment, exactly
//! once.

pub mod actors;
pub mod db;
pub mod domain;
pub mod engine;
pub mod node;
pub mod operations;
pub mod platforms;
pub mod render;
pub mod secrets;
