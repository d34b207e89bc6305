//! What WeChat's answers mean.

use super::super::{InChinese, chinese};
use crate::domain::kept::wechat::{WeChatEnd, WeChatMeans};
use crate::words::Sentence;

impl InChinese for WeChatMeans {
    fn in_chinese(&self) -> Sentence {
        use WeChatMeans as M;
        match self {
            M::Busy => chinese("wechat-means-busy"),
            M::TokenRefused => chinese("wechat-means-token-refused"),
            M::TooManyAMinute => chinese("wechat-means-too-many-a-minute"),
            M::TooManyAtOnce => chinese("wechat-means-too-many-at-once"),
            M::PublishedTooOften => chinese("wechat-means-published-too-often"),
            M::DayIsUsedUp => chinese("wechat-means-day-is-used-up"),
            M::SendsUsedUp => chinese("wechat-means-sends-used-up"),
            M::WrongAppid => chinese("wechat-means-wrong-appid"),
            M::WrongSecret => chinese("wechat-means-wrong-secret"),
            M::SecretFrozen => chinese("wechat-means-secret-frozen"),
            M::NotAllowed => chinese("wechat-means-not-allowed"),
            M::InterfaceBanned => chinese("wechat-means-interface-banned"),
            M::UserRestricted => chinese("wechat-means-user-restricted"),
            M::AccountFrozen => chinese("wechat-means-account-frozen"),
            M::PublishingBanned => chinese("wechat-means-publishing-banned"),
            M::AddressAwaitsAdmin => chinese("wechat-means-address-awaits-admin"),
            M::AddressRefusedADay => chinese("wechat-means-address-refused-a-day"),
            M::AddressRefusedAnHour => chinese("wechat-means-address-refused-an-hour"),
            M::NoSuchMedia => chinese("wechat-means-no-such-media"),
            M::PictureSize => chinese("wechat-means-picture-size"),
            M::PictureFormat => chinese("wechat-means-picture-format"),
            M::ContentTooLong => chinese("wechat-means-content-too-long"),
            M::TitleTooLong => chinese("wechat-means-title-too-long"),
            M::DigestTooLong => chinese("wechat-means-digest-too-long"),
            M::AddressTooLong => chinese("wechat-means-address-too-long"),
            M::AuthorTooLong => chinese("wechat-means-author-too-long"),
            M::ContentEmpty => chinese("wechat-means-content-empty"),
            M::ContentRefused => chinese("wechat-means-content-refused"),
            M::DraftRefused => chinese("wechat-means-draft-refused"),
            M::DraftByHand => chinese("wechat-means-draft-by-hand"),
            M::DraftUnsaved => chinese("wechat-means-draft-unsaved"),
        }
    }
}

impl InChinese for WeChatEnd {
    fn in_chinese(&self) -> Sentence {
        match self {
            WeChatEnd::OriginalityRefused => chinese("wechat-end-originality"),
            WeChatEnd::Failed => chinese("wechat-end-failed"),
            WeChatEnd::AuditRefused => chinese("wechat-end-audit"),
            WeChatEnd::Deleted => chinese("wechat-end-deleted"),
            WeChatEnd::Banned => chinese("wechat-end-banned"),
        }
    }
}
