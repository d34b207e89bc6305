//! Every error code that WeChat answers with: what that means for the entry, its account and the platform, and what is said
//! of it. To be read as a table.
//!
//! Codes are those of WeChat's list of return codes and of its pages about drafts and publication:
//! <https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html>.

use crate::domain::clock::Timestamp;
use crate::domain::kept::message::KeptMessage;
use crate::domain::kept::wechat::WeChatMeans as Says;
use crate::domain::outcome::{Problem, Scope, Seen};
use std::net::IpAddr;
use std::time::Duration;

/// What an error code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// The token is no good: another one is fetched, and the same is asked once more. Where that is refused too, it is the
    /// platform's failure.
    NewToken,
    /// It may be done, or not.
    Unknown,
    /// Not done; the lane waits so long.
    Wait(Duration),
    /// Not done; the account waits for the next day in China.
    NextDay,
    /// Not done; nothing of the account goes out before a person acts, or before so long.
    Broken(Option<Duration>),
    /// This content will never be taken.
    Refused,
}

use Means::{Broken, NewToken, NextDay, Refused, Unknown, Wait};

const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: Duration = Duration::from_secs(5 * 60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The table.
pub(super) const TABLE: &[(i32, Means, Says)] = &[
    (-1, Unknown, Says::Busy),
    // Tokens.
    (40001, NewToken, Says::TokenRefused),
    (40014, NewToken, Says::TokenRefused),
    (42001, NewToken, Says::TokenRefused),
    // Too much.
    (45011, Wait(MINUTE), Says::TooManyAMinute),
    (45066, Wait(MINUTE), Says::TooManyAtOnce),
    (53501, Wait(MINUTES), Says::PublishedTooOften),
    (45009, NextDay, Says::DayIsUsedUp),
    (45028, NextDay, Says::SendsUsedUp),
    // The account. 40164 has words of its own, with the address in them.
    (40164, Broken(None), Says::AddressAwaitsAdmin),
    (40013, Broken(None), Says::WrongAppid),
    (40125, Broken(None), Says::WrongSecret),
    (40243, Broken(None), Says::SecretFrozen),
    (48001, Broken(None), Says::NotAllowed),
    (48004, Broken(None), Says::InterfaceBanned),
    (50002, Broken(None), Says::UserRestricted),
    (50007, Broken(None), Says::AccountFrozen),
    (53500, Broken(None), Says::PublishingBanned),
    (89503, Broken(None), Says::AddressAwaitsAdmin),
    (89506, Broken(Some(DAY)), Says::AddressRefusedADay),
    (89507, Broken(Some(HOUR)), Says::AddressRefusedAnHour),
    // The content.
    (40007, Refused, Says::NoSuchMedia),
    (40009, Refused, Says::PictureSize),
    (45002, Refused, Says::ContentTooLong),
    (45003, Refused, Says::TitleTooLong),
    (45110, Refused, Says::AuthorTooLong),
    (45166, Refused, Says::ContentRefused),
    (53503, Refused, Says::DraftRefused),
    (53504, Refused, Says::DraftByHand),
    (53505, Refused, Says::DraftUnsaved),
    (40005, Refused, Says::PictureFormat),
    (40137, Refused, Says::PictureFormat),
    (44004, Refused, Says::ContentEmpty),
    (45004, Refused, Says::DigestTooLong),
    (45005, Refused, Says::AddressTooLong),
];

/// The code of a server whose address is not on the account's whitelist.
const NOT_WHITELISTED: i32 = 40164;
/// What there is no draft or material of.
pub(super) const NO_SUCH_MEDIA: i32 = 40007;
/// Where a token is asked for, this says that the secret is wrong.
const INVALID_CREDENTIAL: i32 = 40001;
/// An account that may not do that.
pub(super) const NOT_ALLOWED: i32 = 48001;
/// The most of WeChat's own words that is repeated, in characters.
const SAID_MAX_CHARS: usize = 300;
/// So long after midnight in China it is the next day at WeChat too: an account that asks a moment too early waits for
/// another day.
const DAY_BEGINS_AFTER: Duration = Duration::from_secs(5 * 60);

/// An answer with an `errcode` other than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: i32,
    said: String,
}

impl Refusal {
    /// With WeChat's own words, as far as they are repeated.
    pub fn new(code: i32, said: &str) -> Self {
        let said = said.chars().filter(|it| !it.is_control()).take(SAID_MAX_CHARS).collect();
        Refusal { code, said }
    }

    /// Whether another token may help.
    pub fn wants_new_token(&self) -> bool {
        matches!(row(self.code), Some((NewToken, _)))
    }

    /// What was seen of it at `now`, by which the end of a quota is told; it is not where there is none.
    pub fn seen(&self, now: Option<Timestamp>) -> Seen {
        let problem = self.problem();
        match row(self.code).map(|(means, _)| means) {
            // Whatever it is, nothing was done.
            None => Seen::StepFailed { problem, scope: Scope::Entry, retry_after: None },
            Some(NewToken) => Seen::StepFailed { problem, scope: Scope::Platform, retry_after: None },
            Some(Unknown) => Seen::EndUnseen { problem, retry_after: None },
            Some(Wait(span)) => Seen::AskedToWait { problem, retry_after: Some(span) },
            Some(NextDay) => Seen::AccountBroken { problem, until: now.map(next_day_in_china) },
            Some(Broken(span)) => {
                Seen::AccountBroken { problem, until: now.zip(span).map(|(now, span)| now + span) }
            }
            Some(Refused) => Seen::Refused(problem),
        }
    }

    /// The same where a token was asked for: nobody has one yet that could be refused.
    pub fn seen_of_a_token(&self, now: Option<Timestamp>) -> Seen {
        if self.code != INVALID_CREDENTIAL {
            return self.seen(now);
        }
        let means = Says::WrongSecret;
        let message = KeptMessage::WeChatSaid { code: self.code, means, said: self.said.clone() };
        Seen::AccountBroken { problem: Problem::new(code_word(self.code), message), until: None }
    }

    /// What a person is told.
    pub fn problem(&self) -> Problem {
        let (code, said) = (self.code, self.said.clone());
        let message = match row(code) {
            _ if code == NOT_WHITELISTED => match address_in(&said) {
                Some(address) => KeptMessage::WeChatNotWhitelisted { address, said },
                None => KeptMessage::WeChatNotWhitelistedUnnamed { said },
            },
            Some((_, means)) => KeptMessage::WeChatSaid { code, means, said },
            None => KeptMessage::WeChatUnknown { code, said },
        };
        Problem::new(code_word(code), message)
    }
}

/// As the publish log says it: `wechat_45009`; -1 is `wechat_busy`, because a code is a word.
fn code_word(code: i32) -> String {
    if code == -1 { "wechat_busy".to_owned() } else { format!("wechat_{code}") }
}

fn row(code: i32) -> Option<(Means, Says)> {
    TABLE.iter().find(|row| row.0 == code).map(|row| (row.1, row.2))
}

/// The address that WeChat saw a request come from: `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`.
fn address_in(said: &str) -> Option<IpAddr> {
    let (_, rest) = said.split_once("invalid ip ")?;
    rest.split([' ', ',']).next()?.parse().ok()
}

/// When WeChat counts anew: its days are those of China, which is 8 hours ahead of UTC all year.
pub(super) fn next_day_in_china(now: Timestamp) -> Timestamp {
    const DAY_MICROS: i64 = 86_400_000_000;
    const AHEAD_MICROS: i64 = 8 * 3_600_000_000;
    let today = (now.micros() + AHEAD_MICROS).div_euclid(DAY_MICROS);
    Timestamp::from_micros((today + 1) * DAY_MICROS - AHEAD_MICROS) + DAY_BEGINS_AFTER
}

#[cfg(test)]
mod tests;
