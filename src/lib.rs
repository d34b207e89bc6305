//! ContentHub: a self-hosted publishing engine. It puts each post on the right platform, at the right moment, exactly
//! once.

pub mod domain;

pub mod import;

pub mod engine;

pub mod render;
pub mod secrets;

pub mod platforms;

pub mod db;

pub mod operations;

pub mod actors;

pub mod app;
pub mod config;
pub mod demo;

pub mod bench;
pub mod logging;
pub mod node;
pub mod server;

pub mod cli;

pub mod api;
pub mod views;
