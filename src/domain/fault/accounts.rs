//! What can be wrong with accounts, their platforms' settings and secrets, with tokens, and with who asks about them.

use crate::domain::clock::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    #[error("{platform} has no secrets")]
    NoSecrets { platform: String },
    #[error("{platform} has no such secret; it has: {}", known.join(", "))]
    NoSuchSecret { platform: String, known: Vec<String> },
    #[error("must say why")]
    NoReason,
    #[error(
        "{until} is over: give a time to come, or leave it out, and it is suspended until somebody resumes it"
    )]
    UntilPast { until: Timestamp },
    #[error("must have at most {most} characters, and no U+0000")]
    ReasonTooLong { most: usize },
    #[error("holds {has} windows; {most} at most")]
    TooManyWindows { has: usize, most: usize },
    #[error("holds {has} lines of slots; {most} at most")]
    TooManyLinesOfSlots { has: usize, most: usize },
    #[error("are {has} slots a week; {most} at most")]
    TooManySlots { has: usize, most: usize },
    /// With the words of the library that reads addresses.
    #[error("“{given}” is no address: {why}")]
    NoAddress { given: String, why: String },
    #[error("must begin with http:// or https://")]
    NotHttp,
    #[error("names no host")]
    NoHost,
    #[error("must not hold a user or a password")]
    UserInAddress,
    #[error("must be whsec_ followed by base64")]
    SigningSecret,
    #[error("must be as mp.weixin.qq.com shows it: wx and 16 letters and digits")]
    Appid,
    #[error("must be as mp.weixin.qq.com showed it: 32 letters and digits; where it is lost, reset it there")]
    AppSecret,
    #[error("has {has} bytes; a style sheet may have {most}")]
    StyleSheetTooLarge { has: usize, most: usize },
    /// Lines are counted from 1.
    #[error("opens in line {line} what is never closed")]
    StyleSheetNotClosed { line: usize },
    #[error("may have {most} bytes at most")]
    AddressTooLong { most: usize },
    #[error("must be 1 to {most} small letters, digits and hyphens")]
    SiteName { most: usize },
    #[error("must name 1 to {most} accounts; leave it out for all")]
    TokenAccounts { most: usize },
    #[error("goes with a resource: things of several kinds may have the same id")]
    IdWithoutResource,
}
