//! The database, which is the only truth. Plain functions on a connection; time is a parameter. Knows no actors.

pub mod accounts;
pub mod change_feed;
pub mod check;
pub mod checkpoints;
pub mod claim;
mod column_types;
pub mod connection;
pub mod contents;
pub mod database_url;
pub mod due;
pub mod entries;
pub mod executions;
pub mod imported_files;
pub mod lanes;
pub mod leases;
pub mod meta;
pub mod migrations;
pub mod newest;
pub mod node_locks;
pub mod nodes;
pub mod publish_log;
pub mod schema;
pub mod statement;
pub mod status;
pub mod tasks;
pub mod tokens;
pub mod transitions;
