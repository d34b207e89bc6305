//! What WeChat's answers mean, in the words that are kept of them.

use crate::domain::text_enum;

text_enum! {
    /// What it means that WeChat answered with an error code, and what to do. No text has a parenthesis in it: what WeChat
    /// itself said stands behind it in one.
    WeChatMeans {
        Busy = "it is busy, and does not say whether it did what it was asked",
        TokenRefused =
            "it refuses a token that it has just given; if another program fetches tokens for this account, have it use stable_token",
        TooManyAMinute = "too many requests in a minute; it is tried again by itself",
        TooManyAtOnce = "too many requests for now; it is tried again by itself",
        PublishedTooOften = "it was asked to publish too often; it is tried again by itself",
        DayIsUsedUp = "the account has used up its requests of today; it goes on by itself after midnight in China",
        SendsUsedUp = "the account has used up what it may send today; it goes on by itself after midnight in China",
        WrongAppid = "it knows no such appid; set the account's appid as mp.weixin.qq.com shows it",
        WrongSecret = "the app_secret is not that of this appid; set the account's app_secret anew",
        SecretFrozen = "the app_secret is frozen; unfreeze it at mp.weixin.qq.com, then resume the account",
        NotAllowed =
            "this account may not do that; publishing is for verified accounts, so set the account's mode to draft or have it verified",
        InterfaceBanned =
            "WeChat has banned this account from the interface; mp.weixin.qq.com tells why. Then resume the account",
        UserRestricted =
            "WeChat has restricted the account; log in at mp.weixin.qq.com and see why. Then resume the account",
        AccountFrozen = "WeChat has frozen the account; log in at mp.weixin.qq.com and see why. Then resume the account",
        PublishingBanned =
            "WeChat has banned this account from publishing; log in at mp.weixin.qq.com and see why, or set its mode to draft",
        AddressAwaitsAdmin =
            "the account's administrator has to allow this server's address in WeChat; have that done, then resume the account",
        AddressRefusedADay =
            "the account's administrator has refused this server's address twice; WeChat lets nobody ask again for 24 hours",
        AddressRefusedAnHour =
            "the account's administrator has refused this server's address; WeChat lets nobody ask again for an hour",
        NoSuchMedia =
            "it has no such material or draft any more; somebody may have deleted it at mp.weixin.qq.com. Retry the entry to make it anew",
        PictureSize = "a picture is larger than WeChat takes; make it smaller",
        PictureFormat = "a picture is in a format that WeChat does not take; save it as JPEG or PNG",
        ContentTooLong = "the text is longer than WeChat takes; shorten it",
        TitleTooLong = "the title is longer than WeChat takes; shorten it",
        DigestTooLong = "the digest is longer than WeChat takes; shorten it",
        AddressTooLong = "an address is longer than WeChat takes; shorten source_url",
        AuthorTooLong = "the author is longer than WeChat takes; shorten it",
        ContentEmpty = "the article has no text; write some",
        ContentRefused = "WeChat does not take this content; its rules are at mp.weixin.qq.com",
        DraftRefused = "the draft does not pass WeChat's check before publication; look at it at mp.weixin.qq.com",
        DraftByHand = "this draft can be published at mp.weixin.qq.com alone; publish it there",
        DraftUnsaved = "the draft has to be saved once by hand at mp.weixin.qq.com before it can be published",
    }
}

text_enum! {
    /// How a publication ended that WeChat had accepted.
    WeChatEnd {
        OriginalityRefused =
            "WeChat refuses its claim to be original: a text that others published first cannot be declared original; change that at mp.weixin.qq.com",
        Failed = "it failed at WeChat, which says no more",
        AuditRefused = "WeChat's audit refused it; mp.weixin.qq.com tells why",
        Deleted = "it was published, and somebody has deleted it since",
        Banned = "it was published, and WeChat has banned it since",
    }
}
