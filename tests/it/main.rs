//! The product from outside, on both databases.

#[path = "../support/mod.rs"]
mod support;

mod account_settings;
mod account_tests;
mod bad_input_api;
mod bad_input_cli;
mod bench;
mod breaker;
mod claims;
mod delivery;
mod engine;
mod engine_faults;
mod guide_cli;
mod guide_http;
mod import;
mod lanes;
mod late;
mod leases;
mod look_ups;
mod older_schema;
mod outages;
mod overload;
mod people;
mod places;
mod probes;
mod races;
mod retries;
mod roles;
mod run_leases;
mod runs;
mod schedule;
mod schema;
mod server;
mod shared_reads;
mod shutdown;
mod steps;
mod submitted;
mod supervision;
mod support_selftest;
mod suspects;
mod tasks;
mod tidy;
mod transitions;
mod wire;
mod wrong_key;
