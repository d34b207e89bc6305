//! The settings of the server as flags and variables.

use std::path::PathBuf;

const HEADING: &str = "Settings of the server";

/// What a user may say of the server on the command line or in the environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServerArgs {
    /// Certificate chain for HTTPS, in PEM; read anew on SIGHUP
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_TLS_CERT",
        value_name = "FILE",
        help_heading = HEADING
    )]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_TLS_KEY",
        value_name = "FILE",
        help_heading = HEADING
    )]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front writes the client's address into this header, and nobody else reaches us: X-Forwarded-For,
    /// Forwarded, X-Real-IP, …
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_BEHIND_PROXY",
        value_name = "HEADER",
        help_heading = HEADING
    )]
    pub behind_proxy: Option<String>,
    /// How clients reach us; requests for another host are refused
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_PUBLIC_URL",
        value_name = "URL",
        help_heading = HEADING
    )]
    pub public_url: Option<String>,
    /// Sites whose scripts may use the API from a browser, with commas between [default: none]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_CORS_ORIGINS",
        value_name = "ORIGINS",
        help_heading = HEADING
    )]
    pub cors_origins: Option<String>,
    /// How long a client may take for the head of a request, 1 to 600 s [default: 10]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_HEAD_MAX_SECONDS",
        value_name = "SECONDS",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub head_max_seconds: Option<i64>,
    /// The largest head of a request, in bytes, 512 to 65536 [default: 16384]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_HEAD_MAX_BYTES",
        value_name = "BYTES",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub head_max_bytes: Option<i64>,
    /// The most header fields of a request, 8 to 90 [default: 64]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_HEAD_MAX_FIELDS",
        value_name = "N",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub head_max_fields: Option<i64>,
    /// How long a client may take for the body of a request, 1 to 3600 s [default: 60]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_BODY_MAX_SECONDS",
        value_name = "SECONDS",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub body_max_seconds: Option<i64>,
    /// How deep the JSON of a request may be nested, 4 to 120 [default: 64]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_JSON_DEPTH_MAX",
        value_name = "LEVELS",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub json_depth_max: Option<i64>,
    /// How many values the JSON of a request may have, 100 to 10000000 [default: 200000]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_JSON_VALUES_MAX",
        value_name = "N",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub json_values_max: Option<i64>,
    /// How long a client may take nothing of its answer, 1 to 3600 s [default: 30]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_ANSWER_STALL_SECONDS",
        value_name = "SECONDS",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub answer_stall_seconds: Option<i64>,
    /// How long an idle connection is kept for the next request, 1 to 3600 s [default: 75]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_KEEP_ALIVE_SECONDS",
        value_name = "SECONDS",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub keep_alive_seconds: Option<i64>,
    /// Connections at once, 1 to 1000000 [default: 16000]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_CONNECTIONS_MAX",
        value_name = "N",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub connections_max: Option<i64>,
    /// Requests a minute of one token, at once or spread, 1 to 1000000; 0: any number [default: 0]
    #[arg(
        long,
        global = true,
        env = "CONTENTHUB_REQUESTS_PER_MINUTE",
        value_name = "N",
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub requests_per_minute: Option<i64>,
}
