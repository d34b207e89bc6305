//! What a WeChat account is told, and what is wrong with it where something is.

use super::super::outbound::Outbound;
use super::super::platform::{Credentials, FieldError};
use crate::domain::fault::{AccountFault, Fault};
use crate::domain::json_input;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use crate::render::wechat::{CSS_MAX_BYTES, CssFault, Links, Options, OwnCss, Spacing, Theme};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// WeChat's own API.
const OFFICIAL: &str = "https://api.weixin.qq.com";
/// In bytes. With a key behind it, it stays below what WeChat takes (1 KB).
const MARKER_URL_MAX_BYTES: usize = 900;
/// What an AppID begins with, and how long it is, as mp.weixin.qq.com shows it.
const APPID_PREFIX: &str = "wx";
const APPID_CHARS: usize = 18;
const SECRET_CHARS: usize = 32;
/// What is kept of an account's secret.
pub(super) const SECRET: &str = "app_secret";

/// What a WeChat account is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The account's AppID: wx and 16 letters and digits, as mp.weixin.qq.com shows it.
    pub appid: String,
    /// What becomes of an article: a draft, which a person publishes, or published at once. Only verified accounts may
    /// publish so, and followers are not told.
    #[serde(default)]
    pub mode: Mode,
    /// Where WeChat's API is: its own address, or that of a gateway.
    #[serde(default = "official")]
    pub api_base_url: String,
    /// How articles look.
    #[serde(default)]
    pub theme: Theme,
    /// A style sheet that wins over the theme, as text of at most 64 KiB. Its rules are inlined.
    #[serde(default)]
    pub css: Option<String>,
    /// What becomes of links that lead out of WeChat: numbers with the addresses at the end, or links.
    #[serde(default)]
    pub links: Links,
    /// Whether a space is put between Chinese and Latin.
    #[serde(default)]
    pub spacing: Spacing,
    /// A page of yours that “read the original” leads to where a content has no source_url. By the address an article is
    /// found again when it was not seen whether WeChat took it.
    #[serde(default)]
    pub marker_url: Option<String>,
    /// Who may comment on articles.
    #[serde(default)]
    pub comments: Comments,
}

/// What becomes of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    #[default]
    Draft,
    Publish,
}

/// Who may comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Comments {
    /// Nobody.
    #[default]
    Closed,
    Everyone,
    /// Those who follow the account.
    Followers,
}

fn official() -> String {
    OFFICIAL.to_owned()
}

/// The mode of settings as they are kept, whatever else is wrong with them.
pub(super) fn mode_of(settings: &Value) -> Mode {
    let mode = settings.get("mode").cloned().unwrap_or_default();
    serde_json::from_value(mode).unwrap_or_default()
}

impl Settings {
    /// Of an account that was checked when it was written.
    ///
    /// # Errors
    /// Where they cannot be read all the same, nothing goes out before a person has put them right.
    pub fn kept(settings: &Value) -> Result<Settings, Seen> {
        serde_json::from_value(settings.clone()).map_err(|error| {
            let message = KeptMessage::SettingsUnreadable { why: error.to_string() };
            Seen::AccountBroken { problem: Problem::new("bad_settings", message), until: None }
        })
    }

    /// Its style sheet, where it has one that can be read. It was checked when it was written.
    pub fn own_css(&self) -> Option<OwnCss> {
        OwnCss::new(self.css.as_deref()?).ok()
    }

    /// How its articles are rendered, but for their pictures.
    pub fn options<'a>(&self, css: Option<&'a OwnCss>) -> Options<'a> {
        Options { theme: self.theme, css, links: self.links, spacing: self.spacing, ..Options::default() }
    }

    /// Its base address, without a slash at its end.
    pub fn base(&self) -> &str {
        self.api_base_url.trim_end_matches('/')
    }
}

/// All that is wrong with an account's settings and secrets.
pub(super) fn check(settings: &Value, credentials: &Credentials, outbound: &Outbound) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let mut note = |field: &str, fault: Fault| wrong.push(FieldError::new(field, fault));
    match credentials.get(SECRET) {
        None => note("credentials.app_secret", Fault::Missing),
        Some(secret) if !is_word(secret, SECRET_CHARS) => {
            note("credentials.app_secret", AccountFault::AppSecret.into());
        }
        Some(_) => {}
    }
    match json_input::read::<Settings>(settings.clone(), "settings") {
        Err(error) => wrong.push(error),
        Ok(settings) => {
            if !settings.appid.starts_with(APPID_PREFIX) || !is_word(&settings.appid, APPID_CHARS) {
                note("settings.appid", AccountFault::Appid.into());
            }
            if let Err(fault) = outbound.check_url(&settings.api_base_url) {
                note("settings.api_base_url", fault);
            }
            if let Some(Err(fault)) = settings.css.as_deref().map(OwnCss::new) {
                note("settings.css", of_css(fault).into());
            }
            if let Some(Err(fault)) = settings.marker_url.as_deref().map(check_marker) {
                note("settings.marker_url", fault.into());
            }
        }
    }
    wrong
}

fn is_word(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_css(fault: CssFault) -> AccountFault {
    match fault {
        CssFault::TooLarge { has } => AccountFault::StyleSheetTooLarge { has, most: CSS_MAX_BYTES },
        CssFault::NotClosed { line } => AccountFault::StyleSheetNotClosed { line },
    }
}

/// Nothing is sent to it: readers follow it.
fn check_marker(text: &str) -> Result<(), AccountFault> {
    if text.len() > MARKER_URL_MAX_BYTES {
        return Err(AccountFault::AddressTooLong { most: MARKER_URL_MAX_BYTES });
    }
    read_by_people(text).map(drop)
}

/// An address that readers can follow.
pub(super) fn read_by_people(text: &str) -> Result<Url, AccountFault> {
    let no_address =
        |error: url::ParseError| AccountFault::NoAddress { given: text.to_owned(), why: error.to_string() };
    let url = Url::parse(text).map_err(no_address)?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(AccountFault::NoHost),
        _ => Err(AccountFault::NotHttp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outbound::OutboundAllow;
    use serde_json::json;

    const APPID: &str = "wx0123456789abcdef";

    fn wrong(settings: Value, secret: Option<&str>) -> Vec<String> {
        let credentials = secret.map(|secret| (SECRET.to_owned(), secret.to_owned()));
        let credentials = Credentials(credentials.into_iter().collect());
        let found = check(&settings, &credentials, &Outbound::new(OutboundAllow::default()));
        found.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        let secret = Some("0123456789abcdef0123456789abcdef");
        assert_eq!(wrong(json!({"appid": APPID}), secret), [""; 0]);
        let all = json!({
            "appid": APPID, "mode": "publish", "api_base_url": "https://gateway.example/", "theme": "paper",
            "css": "p { color: #333 }", "links": "kept", "spacing": "as_written",
            "marker_url": "https://a.example/", "comments": "followers",
        });
        assert_eq!(wrong(all, secret), [""; 0]);
        for (field, value) in [
            ("appid", json!("0123456789abcdef")),
            ("appid", json!("wx0123456789abcde-")),
            ("mode", json!("send")),
            ("api_base_url", json!("api.weixin.qq.com")),
            ("api_base_url", json!("http://127.0.0.1:9/")),
            ("theme", json!("pink")),
            ("css", json!("p { color: red")),
            ("css", json!("x".repeat(CSS_MAX_BYTES + 1))),
            ("links", json!(1)),
            ("spacing", json!("")),
            ("marker_url", json!("a page")),
            ("marker_url", json!("mailto:a@example.com")),
            ("marker_url", json!(format!("https://a.example/{}", "x".repeat(900)))),
            ("comments", json!("friends")),
            ("color", json!("red")),
        ] {
            let mut settings = json!({"appid": APPID});
            settings[field] = value.clone();
            assert_eq!(wrong(settings, secret), [format!("settings.{field}")], "{value}");
        }
        assert_eq!(wrong(json!({}), secret), ["settings.appid"]);
        for secret in [None, Some(""), Some("guess")] {
            assert_eq!(wrong(json!({"appid": APPID}), secret), ["credentials.app_secret"], "{secret:?}");
        }
    }

    #[test]
    fn an_article_is_a_draft_unless_somebody_says_otherwise() {
        for (settings, mode) in [
            (json!({}), Mode::Draft),
            (json!({"mode": "draft"}), Mode::Draft),
            (json!({"mode": "publish"}), Mode::Publish),
            (json!({"mode": 7}), Mode::Draft),
        ] {
            assert_eq!(mode_of(&settings), mode, "{settings}");
        }
    }
}
