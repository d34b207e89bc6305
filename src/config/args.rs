//! Settings as flags and variables.

use super::ServerArgs;
use std::path::PathBuf;

/// What a user may say on the command line or in the environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SettingsArgs {
    /// Configuration file (default: contenthub.toml, if it is there)
    #[arg(long, global = true, env = "CONTENTHUB_CONFIG", value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Where database, key, media, sites and backups are [default: data]
    #[arg(long, global = true, env = "CONTENTHUB_DATA_DIR", value_name = "DIR", help_heading = "Settings")]
    pub data_dir: Option<PathBuf>,
    /// postgres://USER@HOST/NAME, or a SQLite file [default: <data-dir>/contenthub.db]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_DATABASE_URL",
        value_name = "URL",
        help_heading = "Settings",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Address of the HTTP server [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "CONTENTHUB_LISTEN", value_name = "ADDRESS", help_heading = "Settings")]
    pub listen: Option<String>,
    /// Attempts on the wire at once, 1 to 1024 [default: 64]
    #[arg(long, global = true, env = "CONTENTHUB_CONCURRENCY", value_name = "N", help_heading = "Settings")]
    pub concurrency: Option<i64>,
    /// Zone of times given without an offset [default: UTC]
    #[arg(long, global = true, env = "CONTENTHUB_TIMEZONE", value_name = "ZONE", help_heading = "Settings")]
    pub timezone: Option<String>,
    /// How long a claim holds unless it is renewed, 2 to 3600 s; no attempt takes longer [default: 60]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_LEASE_SECONDS",
        value_name = "SECONDS",
        help_heading = "Settings"
    )]
    pub lease_seconds: Option<i64>,
    /// Whether contents need approval before they go out [default: false]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_REVIEW_REQUIRED",
        value_name = "BOOL",
        help_heading = "Settings"
    )]
    pub review_required: Option<bool>,
    /// How long a stopping server waits for what is on the wire, 0 to 600 s [default: 20]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_GRACE_SECONDS",
        value_name = "SECONDS",
        help_heading = "Settings"
    )]
    pub grace_seconds: Option<i64>,
    /// How long a platform may work on what it accepted before a person is asked, 1 to 720 h [default: 24]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_SUBMITTED_MAX_HOURS",
        value_name = "HOURS",
        help_heading = "Settings"
    )]
    pub submitted_max_hours: Option<i64>,
    /// How long nothing is tried after a platform failed; tries of one that is down come up to ten times as far apart, 1
    /// to 300 s [default: 30]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_PLATFORM_PAUSE_SECONDS",
        value_name = "SECONDS",
        help_heading = "Settings"
    )]
    pub platform_pause_seconds: Option<i64>,
    /// The largest request that the HTTP server takes, in bytes, up to 1 GiB [default: 8388608]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_BODY_MAX_BYTES",
        value_name = "BYTES",
        help_heading = "Settings"
    )]
    pub body_max_bytes: Option<i64>,
    /// Where posts may go besides the public Internet: addresses, networks and names, with commas [default: this machine,
    /// where --listen is an address of it]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_OUTBOUND_ALLOW",
        value_name = "LIST",
        help_heading = "Settings",
        value_delimiter = ','
    )]
    pub outbound_allow: Option<Vec<String>>,
    /// Wrong tokens that an address may send in a minute before it is told to wait, 1 to 1000000 [default: 10]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_WRONG_TOKENS_PER_MINUTE",
        value_name = "N",
        help_heading = "Settings"
    )]
    pub wrong_tokens_per_minute: Option<i64>,
    #[command(flatten)]
    pub server: ServerArgs,
}
