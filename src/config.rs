//! Settings: flags, then `CONTENTHUB_*` variables, then `contenthub.toml`, then defaults. Parsed once, passed in parts.

mod args;
mod fault;
mod server;

pub use args::SettingsArgs;
pub use fault::SettingFault;
pub use server::{Limits, ServerArgs, ServerSettings, TlsFiles};

use crate::db::database_url::{DatabaseUrl, UnknownDatabase};
use crate::domain::fault::Fault;
use crate::domain::field_error::FieldError;
use crate::domain::json_input;
use crate::domain::near;
use crate::domain::outbound::OutboundAllow;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The file that is read when it is there and none is named.
pub const DEFAULT_FILE: &str = "contenthub.toml";
const BODY_MAX_BYTES_DEFAULT: i64 = 8 * 1024 * 1024;
const BODY_MAX_BYTES_LIMIT: i64 = 1024 * 1024 * 1024;

/// The same, in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    data_dir: Option<Spanned<PathBuf>>,
    database_url: Option<Spanned<String>>,
    listen: Option<Spanned<String>>,
    concurrency: Option<Spanned<i64>>,
    timezone: Option<Spanned<String>>,
    lease_seconds: Option<Spanned<i64>>,
    review_required: Option<Spanned<bool>>,
    grace_seconds: Option<Spanned<i64>>,
    submitted_max_hours: Option<Spanned<i64>>,
    platform_pause_seconds: Option<Spanned<i64>>,
    body_max_bytes: Option<Spanned<i64>>,
    outbound_allow: Option<Spanned<Vec<String>>>,
    wrong_tokens_per_minute: Option<Spanned<i64>>,
    tls_cert: Option<Spanned<PathBuf>>,
    tls_key: Option<Spanned<PathBuf>>,
    behind_proxy: Option<Spanned<String>>,
    public_url: Option<Spanned<String>>,
    cors_origins: Option<Spanned<String>>,
    head_max_seconds: Option<Spanned<i64>>,
    head_max_bytes: Option<Spanned<i64>>,
    head_max_fields: Option<Spanned<i64>>,
    body_max_seconds: Option<Spanned<i64>>,
    json_depth_max: Option<Spanned<i64>>,
    json_values_max: Option<Spanned<i64>>,
    answer_stall_seconds: Option<Spanned<i64>>,
    keep_alive_seconds: Option<Spanned<i64>>,
    connections_max: Option<Spanned<i64>>,
    requests_per_minute: Option<Spanned<i64>>,
}

/// A file that was read, so that what is wrong in it can be told with its line.
#[derive(Debug, Default)]
struct File {
    path: PathBuf,
    text: String,
    settings: FileSettings,
}

/// Everything that a process needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
    pub listen: SocketAddr,
    pub concurrency: usize,
    pub timezone: chrono_tz::Tz,
    pub lease_seconds: u64,
    pub review_required: bool,
    pub grace_seconds: u64,
    pub submitted_max_hours: u64,
    pub platform_pause_seconds: u64,
    pub body_max_bytes: usize,
    /// Where requests of platforms may go besides the public Internet.
    pub outbound_allow: OutboundAllow,
    pub wrong_tokens_per_minute: u32,
    pub server: ServerSettings,
    /// From `CONTENTHUB_SECRET_KEY` alone: never a flag, never in the file.
    pub secret_key: Option<HiddenText>,
    /// Each setting, as `config show` tells it: key, value, where it came from.
    pub described: Vec<(&'static str, String, Origin)>,
}

impl Settings {
    /// The defaults, in this data directory: for programs that use the library. No file, no flag and no variable
    /// counts but `CONTENTHUB_SECRET_KEY`.
    pub fn in_dir(data_dir: impl Into<PathBuf>) -> Result<Settings, ConfigError> {
        let args = SettingsArgs { data_dir: Some(data_dir.into()), ..SettingsArgs::default() };
        merge(args, File::default())
    }
}

/// A secret on its way from the environment to where it is parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(pub String);

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    FlagOrEnvironment,
    File { path: PathBuf, line: usize },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::FlagOrEnvironment => f.write_str("flag or environment"),
            Origin::File { path, line } => write!(f, "{} line {line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// What is wrong with the settings. Nothing has been started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path} line {line}: {wrong}")]
    Broken { path: PathBuf, line: usize, wrong: FieldError },
    #[error("{key} ({origin}): {fault}")]
    Value { key: &'static str, origin: Origin, fault: SettingFault },
}

/// Puts the settings together.
pub fn load(args: &SettingsArgs) -> Result<Settings, ConfigError> {
    let file = match &args.config {
        Some(path) => read_file(path)?,
        None if Path::new(DEFAULT_FILE).exists() => read_file(Path::new(DEFAULT_FILE))?,
        None => File::default(),
    };
    merge(args.clone(), file)
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let settings = toml::from_str(&text).map_err(|error| {
        let line = line_of(&text, error.span().map_or(0, |span| span.start));
        let written = text.lines().nth(line - 1).unwrap_or_default();
        let key = written.split('=').next().unwrap_or_default().trim();
        let wrong = json_input::explained(key, error.message());
        ConfigError::Broken { path: path.to_owned(), line, wrong }
    })?;
    Ok(File { path: path.to_owned(), text, settings })
}

/// From 1.
fn line_of(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

/// Destructures both, so that a new field cannot be forgotten.
fn merge(args: SettingsArgs, mut file: File) -> Result<Settings, ConfigError> {
    let place = Place { path: &file.path, text: &file.text };
    let mut of_the_server = Vec::new();
    let server = server::merge(args.server, &mut file.settings, &place, &mut of_the_server)?;
    let SettingsArgs {
        config: _,
        data_dir,
        database_url,
        listen,
        concurrency,
        timezone,
        lease_seconds,
        review_required,
        grace_seconds,
        submitted_max_hours,
        platform_pause_seconds,
        body_max_bytes,
        outbound_allow,
        wrong_tokens_per_minute,
        server: _,
    } = args;
    let FileSettings {
        data_dir: file_data_dir,
        database_url: file_database_url,
        listen: file_listen,
        concurrency: file_concurrency,
        timezone: file_timezone,
        lease_seconds: file_lease_seconds,
        review_required: file_review_required,
        grace_seconds: file_grace_seconds,
        submitted_max_hours: file_submitted_max_hours,
        platform_pause_seconds: file_platform_pause_seconds,
        body_max_bytes: file_body_max_bytes,
        outbound_allow: file_outbound_allow,
        wrong_tokens_per_minute: file_wrong_tokens_per_minute,
        // Taken by `server::merge`.
        ..
    } = file.settings;
    let data_dir = place.pick("data_dir", data_dir, file_data_dir, PathBuf::from("data"));
    let default_database = DatabaseUrl::in_data_dir(&data_dir.value).to_string();
    let database = place.pick("database_url", database_url, file_database_url, default_database);
    let listen = place.pick("listen", listen, file_listen, "127.0.0.1:8080".to_owned());
    let concurrency = place.pick("concurrency", concurrency, file_concurrency, 64);
    let timezone = place.pick("timezone", timezone, file_timezone, "UTC".to_owned());
    let lease_seconds = place.pick("lease_seconds", lease_seconds, file_lease_seconds, 60);
    let review_required = place.pick("review_required", review_required, file_review_required, false);
    let grace_seconds = place.pick("grace_seconds", grace_seconds, file_grace_seconds, 20);
    let submitted_max_hours =
        place.pick("submitted_max_hours", submitted_max_hours, file_submitted_max_hours, 24);
    let platform_pause_seconds =
        place.pick("platform_pause_seconds", platform_pause_seconds, file_platform_pause_seconds, 30);
    let body_max_bytes =
        place.pick("body_max_bytes", body_max_bytes, file_body_max_bytes, BODY_MAX_BYTES_DEFAULT);
    let address = address(&listen)?;
    // Whoever reaches the server from this machine alone may have it call this machine; strangers may not.
    let nearby = if address.ip().to_canonical().is_loopback() {
        OutboundAllow::loopback()
    } else {
        Default::default()
    };
    let outbound_allow = place.pick("outbound_allow", outbound_allow, file_outbound_allow, nearby.items());
    let allowed = OutboundAllow::parse(&outbound_allow.value).map_err(|item| outbound_allow.wrong(item))?;
    let wrong_tokens_per_minute =
        place.pick("wrong_tokens_per_minute", wrong_tokens_per_minute, file_wrong_tokens_per_minute, 10);
    let url: DatabaseUrl = database.value.parse().map_err(|error: UnknownDatabase| database.wrong(error))?;
    let mut described = vec![
        data_dir.described(data_dir.value.display().to_string()),
        database.described(url.to_string()),
        listen.described(listen.value.clone()),
        concurrency.described(concurrency.value.to_string()),
        timezone.described(timezone.value.clone()),
        lease_seconds.described(lease_seconds.value.to_string()),
        review_required.described(review_required.value.to_string()),
        grace_seconds.described(grace_seconds.value.to_string()),
        submitted_max_hours.described(submitted_max_hours.value.to_string()),
        platform_pause_seconds.described(platform_pause_seconds.value.to_string()),
        body_max_bytes.described(body_max_bytes.value.to_string()),
        outbound_allow.described(allowed.items().join(", ")),
        wrong_tokens_per_minute.described(wrong_tokens_per_minute.value.to_string()),
    ];
    described.append(&mut of_the_server);
    Ok(Settings {
        database: url,
        listen: address,
        concurrency: usize::try_from(concurrency.within(1, 1024)?).unwrap_or(1),
        timezone: timezone
            .value
            .parse()
            .map_err(|_| timezone.wrong(Fault::from(near::no_zone(&timezone.value))))?,
        lease_seconds: lease_seconds.within(2, 3600)?.unsigned_abs(),
        review_required: review_required.value,
        grace_seconds: grace_seconds.within(0, 600)?.unsigned_abs(),
        submitted_max_hours: submitted_max_hours.within(1, 720)?.unsigned_abs(),
        platform_pause_seconds: platform_pause_seconds.within(1, 300)?.unsigned_abs(),
        body_max_bytes: usize::try_from(body_max_bytes.within(1, BODY_MAX_BYTES_LIMIT)?).unwrap_or(1),
        outbound_allow: allowed,
        wrong_tokens_per_minute: u32::try_from(wrong_tokens_per_minute.within(1, 1_000_000)?).unwrap_or(1),
        server,
        secret_key: std::env::var("CONTENTHUB_SECRET_KEY").ok().map(HiddenText),
        described,
        data_dir: data_dir.value,
    })
}

/// A value with its name and where it came from.
struct Picked<T> {
    key: &'static str,
    value: T,
    origin: Origin,
}

/// The file that settings may stand in.
struct Place<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn pick<T>(&self, key: &'static str, args: Option<T>, file: Option<Spanned<T>>, default: T) -> Picked<T> {
        match (args, file) {
            (Some(value), _) => Picked { key, value, origin: Origin::FlagOrEnvironment },
            (None, Some(value)) => {
                let line = line_of(self.text, value.span().start);
                let origin = Origin::File { path: self.path.to_owned(), line };
                Picked { key, value: value.into_inner(), origin }
            }
            (None, None) => Picked { key, value: default, origin: Origin::Default },
        }
    }

    /// What has no default but that there is none.
    fn optional<T>(&self, key: &'static str, args: Option<T>, file: Option<Spanned<T>>) -> Picked<Option<T>> {
        match (args, file) {
            (None, None) => Picked { key, value: None, origin: Origin::Default },
            (Some(value), _) => Picked { key, value: Some(value), origin: Origin::FlagOrEnvironment },
            (None, Some(value)) => {
                let line = line_of(self.text, value.span().start);
                let origin = Origin::File { path: self.path.to_owned(), line };
                Picked { key, value: Some(value.into_inner()), origin }
            }
        }
    }
}

impl<T> Picked<T> {
    fn wrong(&self, fault: impl Into<SettingFault>) -> ConfigError {
        ConfigError::Value { key: self.key, origin: self.origin.clone(), fault: fault.into() }
    }

    fn described(&self, value: String) -> (&'static str, String, Origin) {
        (self.key, value, self.origin.clone())
    }
}

impl Picked<i64> {
    fn within(&self, least: i64, most: i64) -> Result<i64, ConfigError> {
        if (least..=most).contains(&self.value) {
            return Ok(self.value);
        }
        Err(self.wrong(Fault::OutOfRange { least, most, given: self.value }))
    }
}

fn address(listen: &Picked<String>) -> Result<SocketAddr, ConfigError> {
    use std::net::ToSocketAddrs;
    let found = listen.value.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| listen.wrong(SettingFault::Listen(listen.value.clone())))
}

#[cfg(test)]
mod tests;
