//! Whether a webhook's receiver is there: docs/decisions/0004 says why it is asked with OPTIONS.

use super::super::http;
use super::super::outbound::Outbound;
use super::super::platform::TestCall;
use super::{Settings, signing_key};
use crate::domain::kept::message::{AnsweredOptions, KeptMessage};
use crate::domain::outcome::Problem;
use crate::domain::tested::{Checked, Tested};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

pub(super) async fn test(outbound: Arc<Outbound>, call: TestCall) -> Tested {
    let broken = |code: &str, message: KeptMessage| Tested::AccountBroken {
        problem: Problem::new(code, message),
        until: None,
    };
    let settings: Settings = match serde_json::from_value(call.destination.settings.clone()) {
        Ok(settings) => settings,
        Err(error) => {
            return broken("bad_settings", KeptMessage::SettingsUnreadable { why: error.to_string() });
        }
    };
    if call.destination.credentials.get("secret").is_some_and(|secret| signing_key(secret).is_none()) {
        return broken("bad_secret", KeptMessage::SecretUselessAnother);
    }
    let time = Duration::from_secs(settings.timeout_seconds).min(call.time_left);
    match http::options(&outbound, &settings.url, time).await {
        Ok(status) => read(status, &host(&settings.url)),
        Err(failed) => failed,
    }
}

/// The rest of an address may be a secret.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Any answer says that somebody is there, but for those that say that nobody is behind it. A receiver need not know
/// OPTIONS, so that a refusal of it is no more than a warning.
fn read(status: u16, host: &str) -> Tested {
    let said =
        |meaning| Problem::new(format!("http_{status}"), KeptMessage::AnsweredOptions { status, meaning });
    let warning = match status {
        429 => return Tested::PlatformFailed(said(AnsweredOptions::TooMany)),
        502..=504 => return Tested::PlatformFailed(said(AnsweredOptions::NobodyBehind)),
        401 => Some(AnsweredOptions::CheckSecret),
        403 | 404 => Some(AnsweredOptions::CheckUrl),
        410 => Some(AnsweredOptions::MayWantNoMore),
        300..=399 => Some(AnsweredOptions::Redirect),
        ..200 => Some(AnsweredOptions::NoAnswer),
        // Many servers call a method so that they do not know.
        501 => None,
        500.. => Some(AnsweredOptions::BrokenThere),
        200..=499 => None,
    };
    Tested::Fine { checked: Checked::Answers { host: host.to_owned(), status }, warning: warning.map(said) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_that_somebody_is_there() {
        for (status, warns) in [
            (200, false),
            (204, false),
            (400, false),
            (405, false),
            (422, false),
            (501, false),
            (101, true),
            (301, true),
            (308, true),
            (401, true),
            (403, true),
            (404, true),
            (410, true),
            (500, true),
            (520, true),
        ] {
            let Tested::Fine { checked, warning } = read(status, "a.example") else {
                panic!("{status} is an answer")
            };
            let checked = checked.to_string();
            assert!(checked.contains("a.example") && checked.contains(&status.to_string()), "{checked}");
            assert_eq!(warning.is_some(), warns, "{status}");
        }
        for status in [429, 502, 503, 504] {
            let Tested::PlatformFailed(problem) = read(status, "a.example") else {
                panic!("{status} says that nothing can be taken now")
            };
            assert_eq!(problem.code, format!("http_{status}"));
        }
    }

    #[test]
    fn what_is_told_of_an_address_is_its_host() {
        assert_eq!(host("https://hooks.example/T00/secret"), "hooks.example");
        assert_eq!(host("no address"), "");
    }
}
