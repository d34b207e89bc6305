//! What is wrong with accounts, settings and secrets, and with requests whose fields do not go together.

use super::{InChinese, chinese, listed};
use crate::domain::fault::{AccountFault, RequestFault};
use crate::words::Sentence;

impl InChinese for AccountFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            AccountFault::NoSecrets { platform } => {
                chinese("account-no-secrets").with("platform", platform.as_str())
            }
            AccountFault::NoSuchSecret { platform, known } => chinese("account-no-such-secret")
                .with("platform", platform.as_str())
                .with("known", listed(known)),
            AccountFault::NoReason => chinese("account-no-reason"),
            AccountFault::UntilPast { until } => chinese("account-until-past").with("until", *until),
            AccountFault::ReasonTooLong { most: limit } => {
                chinese("account-reason-too-long").with("most", *limit)
            }
            AccountFault::TooManyWindows { has, most: limit } => {
                chinese("account-too-many-windows").with("has", has.to_string()).with("most", *limit)
            }
            AccountFault::TooManyLinesOfSlots { has, most: limit } => {
                chinese("account-too-many-lines-of-slots").with("has", has.to_string()).with("most", *limit)
            }
            AccountFault::TooManySlots { has, most: limit } => {
                chinese("account-too-many-slots").with("has", has.to_string()).with("most", *limit)
            }
            AccountFault::NoAddress { given, why } => {
                chinese("account-no-address").with("given", given.as_str()).with("why", why.as_str())
            }
            AccountFault::NotHttp => chinese("account-not-http"),
            AccountFault::NoHost => chinese("account-no-host"),
            AccountFault::UserInAddress => chinese("account-user-in-address"),
            AccountFault::SigningSecret => chinese("account-signing-secret"),
            AccountFault::Appid => chinese("account-appid"),
            AccountFault::AppSecret => chinese("account-app-secret"),
            AccountFault::StyleSheetTooLarge { has, most: limit } => {
                chinese("account-style-sheet-too-large").with("has", has.to_string()).with("most", *limit)
            }
            AccountFault::StyleSheetNotClosed { line } => {
                chinese("account-style-sheet-not-closed").with("line", line.to_string())
            }
            AccountFault::AddressTooLong { most: limit } => {
                chinese("account-address-too-long").with("most", *limit)
            }
            AccountFault::SiteName { most: limit } => chinese("account-site-name").with("most", *limit),
            AccountFault::TokenAccounts { most: limit } => {
                chinese("account-token-accounts").with("most", *limit)
            }
            AccountFault::IdWithoutResource => chinese("account-id-without-resource"),
        }
    }
}

impl InChinese for RequestFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            RequestFault::NoLanguage(tag) => chinese("request-no-language").with("tag", tag.as_str()),
            RequestFault::NotInABatch => chinese("request-not-in-a-batch"),
            RequestFault::NotWith(field) => chinese("request-not-with").with("field", *field),
            RequestFault::OnlyWith(field) => chinese("request-only-with").with("field", *field),
            RequestFault::NoMove => chinese("request-no-move"),
        }
    }
}
