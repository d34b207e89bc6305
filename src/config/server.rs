//! How the server is reached, and what it lets clients do: TLS, proxies, origins, limits.

mod args;

pub use args::ServerArgs;

use super::{ConfigError, FileSettings, Origin, Picked, Place, SettingFault};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How the server is reached, and what it lets clients do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerSettings {
    /// HTTPS; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The header of a proxy in front that says who the client is; in lower case.
    pub behind_proxy: Option<String>,
    /// How clients reach the server: `http` or `https`, a host, perhaps a port.
    pub public_url: Option<Url>,
    /// Origins as browsers send them, such as `https://app.example`.
    pub cors_origins: Vec<String>,
    pub limits: Limits,
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// What a client may cost. The largest body has a setting of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From connecting, or from the first byte of a further request, to the end of the request's head.
    pub head_time: Duration,
    pub head_bytes: usize,
    pub head_fields: usize,
    /// From the end of the head to the end of the body.
    pub body_time: Duration,
    pub json_depth: usize,
    /// Objects, lists, texts, numbers and so on, all together.
    pub json_values: usize,
    /// Without any of an answer being taken.
    pub answer_stall: Duration,
    pub keep_alive: Duration,
    pub connections: usize,
    /// Of one token; none: any number.
    pub requests_per_minute: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_time: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            head_fields: 64,
            body_time: Duration::from_secs(60),
            json_depth: 64,
            json_values: 200_000,
            answer_stall: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            connections: 16_000,
            requests_per_minute: None,
        }
    }
}

type Described = Vec<(&'static str, String, Origin)>;

/// A field that is not taken here is one that nobody reads, which the compiler tells.
pub(super) fn merge(
    args: ServerArgs,
    file: &mut FileSettings,
    place: &Place<'_>,
    described: &mut Described,
) -> Result<ServerSettings, ConfigError> {
    let cert = place.optional("tls_cert", args.tls_cert, file.tls_cert.take());
    let key = place.optional("tls_key", args.tls_key, file.tls_key.take());
    let behind_proxy = place.optional("behind_proxy", args.behind_proxy, file.behind_proxy.take());
    let public_url = place.optional("public_url", args.public_url, file.public_url.take());
    let cors_origins = place.optional("cors_origins", args.cors_origins, file.cors_origins.take());
    for path in [&cert, &key] {
        let shown = path.value.as_ref().map(|path| path.display().to_string());
        described.push(path.described(shown.unwrap_or_else(none)));
    }
    for text in [&behind_proxy, &public_url, &cors_origins] {
        described.push(text.described(text.value.clone().unwrap_or_else(none)));
    }
    let mut numbers = Numbers { place, described };
    let usual = Limits::default();
    let limits = Limits {
        head_time: numbers.seconds(
            "head_max_seconds",
            args.head_max_seconds,
            &mut file.head_max_seconds,
            usual.head_time,
            600,
        )?,
        head_bytes: numbers.count(
            "head_max_bytes",
            args.head_max_bytes,
            &mut file.head_max_bytes,
            usual.head_bytes,
            (512, 65_536),
        )?,
        head_fields: numbers.count(
            "head_max_fields",
            args.head_max_fields,
            &mut file.head_max_fields,
            usual.head_fields,
            (8, 90),
        )?,
        body_time: numbers.seconds(
            "body_max_seconds",
            args.body_max_seconds,
            &mut file.body_max_seconds,
            usual.body_time,
            3600,
        )?,
        json_depth: numbers.count(
            "json_depth_max",
            args.json_depth_max,
            &mut file.json_depth_max,
            usual.json_depth,
            (4, 120),
        )?,
        json_values: numbers.count(
            "json_values_max",
            args.json_values_max,
            &mut file.json_values_max,
            usual.json_values,
            (100, 10_000_000),
        )?,
        answer_stall: numbers.seconds(
            "answer_stall_seconds",
            args.answer_stall_seconds,
            &mut file.answer_stall_seconds,
            usual.answer_stall,
            3600,
        )?,
        keep_alive: numbers.seconds(
            "keep_alive_seconds",
            args.keep_alive_seconds,
            &mut file.keep_alive_seconds,
            usual.keep_alive,
            3600,
        )?,
        connections: numbers.count(
            "connections_max",
            args.connections_max,
            &mut file.connections_max,
            usual.connections,
            (1, 1_000_000),
        )?,
        requests_per_minute: {
            let asked = numbers.number(
                "requests_per_minute",
                args.requests_per_minute,
                &mut file.requests_per_minute,
                0,
                (0, 1_000_000),
            )?;
            u32::try_from(asked).ok().and_then(NonZeroU32::new)
        },
    };
    Ok(ServerSettings {
        tls: tls_files(cert, key)?,
        behind_proxy: header(&behind_proxy)?,
        public_url: public(&public_url)?,
        cors_origins: origins(&cors_origins)?,
        limits,
    })
}

fn none() -> String {
    "none".to_owned()
}

/// Settings that are numbers, one like the other.
struct Numbers<'a, 'p> {
    place: &'a Place<'p>,
    described: &'a mut Described,
}

impl Numbers<'_, '_> {
    fn number(
        &mut self,
        key: &'static str,
        args: Option<i64>,
        file: &mut Option<toml::Spanned<i64>>,
        default: i64,
        (least, most): (i64, i64),
    ) -> Result<i64, ConfigError> {
        let picked = self.place.pick(key, args, file.take(), default);
        self.described.push(picked.described(picked.value.to_string()));
        picked.within(least, most)
    }

    fn count(
        &mut self,
        key: &'static str,
        args: Option<i64>,
        file: &mut Option<toml::Spanned<i64>>,
        default: usize,
        range: (i64, i64),
    ) -> Result<usize, ConfigError> {
        let default = i64::try_from(default).unwrap_or(range.1);
        Ok(usize::try_from(self.number(key, args, file, default, range)?).unwrap_or(1))
    }

    fn seconds(
        &mut self,
        key: &'static str,
        args: Option<i64>,
        file: &mut Option<toml::Spanned<i64>>,
        default: Duration,
        most: i64,
    ) -> Result<Duration, ConfigError> {
        let default = i64::try_from(default.as_secs()).unwrap_or(most);
        Ok(Duration::from_secs(self.number(key, args, file, default, (1, most))?.unsigned_abs()))
    }
}

fn tls_files(
    cert: Picked<Option<PathBuf>>,
    key: Picked<Option<PathBuf>>,
) -> Result<Option<TlsFiles>, ConfigError> {
    match (cert.value.clone(), key.value.clone()) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(cert.wrong(SettingFault::KeyMissing)),
        (None, Some(_)) => Err(key.wrong(SettingFault::CertificateMissing)),
    }
}

fn header(picked: &Picked<Option<String>>) -> Result<Option<String>, ConfigError> {
    let Some(name) = &picked.value else { return Ok(None) };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(picked.wrong(SettingFault::Header(name.clone())));
    }
    Ok(Some(name.to_ascii_lowercase()))
}

fn public(picked: &Picked<Option<String>>) -> Result<Option<Url>, ConfigError> {
    let Some(text) = &picked.value else { return Ok(None) };
    let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && is_bare(url);
    match Url::parse(text).ok().filter(fits) {
        Some(url) => Ok(Some(url)),
        None => Err(picked.wrong(SettingFault::PublicUrl(text.clone()))),
    }
}

/// A host, perhaps a port, and nothing else.
fn is_bare(url: &Url) -> bool {
    url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn origins(picked: &Picked<Option<String>>) -> Result<Vec<String>, ConfigError> {
    let text = picked.value.as_deref().unwrap_or_default();
    let named = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    named
        .map(|origin| {
            let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            match url.filter(is_bare) {
                // As a browser writes it: no slash at the end, no usual port.
                Some(url) => Ok(url.origin().ascii_serialization()),
                None => Err(picked.wrong(SettingFault::Origin(origin.to_owned()))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(args: ServerArgs) -> Result<ServerSettings, String> {
        let place = Place { path: std::path::Path::new(""), text: "" };
        merge(args, &mut FileSettings::default(), &place, &mut Vec::new()).map_err(|error| error.to_string())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn nothing_said_is_the_usual() {
        assert_eq!(with(ServerArgs::default()), Ok(ServerSettings::default()));
    }

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        let text = "https://App.example/, http://localhost:3000 ,https://x.example:443";
        let settings = with(ServerArgs { cors_origins: some(text), ..ServerArgs::default() });
        let expected = ["https://app.example", "http://localhost:3000", "https://x.example"];
        assert_eq!(settings.map(|it| it.cors_origins), Ok(expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let usual = ServerArgs::default;
        for (args, says) in [
            (ServerArgs { cors_origins: some("*"), ..usual() }, "cors_origins"),
            (ServerArgs { cors_origins: some("app.example"), ..usual() }, "“app.example” is no origin"),
            (ServerArgs { cors_origins: some("https://a.example/x"), ..usual() }, "is no origin"),
            (ServerArgs { public_url: some("hub.example"), ..usual() }, "public_url"),
            (ServerArgs { public_url: some("https://hub.example/x"), ..usual() }, "https://hub.example"),
            (ServerArgs { public_url: some("ftp://hub.example"), ..usual() }, "public_url"),
            (ServerArgs { behind_proxy: some("X Forwarded"), ..usual() }, "behind_proxy"),
            (ServerArgs { behind_proxy: some(""), ..usual() }, "X-Forwarded-For"),
            (ServerArgs { tls_cert: Some("c.pem".into()), ..usual() }, "set tls_key too"),
            (ServerArgs { tls_key: Some("k.pem".into()), ..usual() }, "set tls_cert too"),
            (ServerArgs { head_max_seconds: Some(0), ..usual() }, "head_max_seconds"),
            (ServerArgs { head_max_bytes: Some(100), ..usual() }, "from 512 to 65536, not 100"),
            (ServerArgs { head_max_fields: Some(91), ..usual() }, "head_max_fields"),
            (ServerArgs { body_max_seconds: Some(3601), ..usual() }, "body_max_seconds"),
            (ServerArgs { json_depth_max: Some(121), ..usual() }, "json_depth_max"),
            (ServerArgs { json_values_max: Some(1), ..usual() }, "json_values_max"),
            (ServerArgs { answer_stall_seconds: Some(0), ..usual() }, "answer_stall_seconds"),
            (ServerArgs { keep_alive_seconds: Some(0), ..usual() }, "keep_alive_seconds"),
            (ServerArgs { connections_max: Some(0), ..usual() }, "connections_max"),
            (ServerArgs { requests_per_minute: Some(-1), ..usual() }, "from 0 to 1000000, not -1"),
        ] {
            let told = with(args).expect_err(says);
            assert!(told.contains(says), "{told} does not say {says}");
        }
    }
}
