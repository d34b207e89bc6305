//! What the publish log says of an attempt, or of an entry that had none, and why the machine suspended an account.

use super::template::kept_texts;
use super::wechat::{WeChatEnd, WeChatMeans};
use crate::domain::clock::Timestamp;
use crate::domain::outbound::AddressKind;
use crate::domain::text_enum;
use std::net::IpAddr;

text_enum! {
    /// What it means that a receiver answered a post with a status.
    Answered {
        TooMany = "too many requests",
        AsksToWait = "it asks to wait",
        NobodyBehind = "nobody behind it answered",
        FailedThere = "it failed there",
        NoAnswer = "that is no answer to a post",
        SignatureRefused = "it does not accept our signature",
        WantsNoMore = "it wants no more posts",
        NobodyThere = "nothing takes posts at this address; check the account's url",
    }
}

text_enum! {
    /// The same where nothing but the test of an account was sent.
    AnsweredOptions {
        TooMany = "too many requests; try again later",
        NobodyBehind = "nobody behind it answers",
        CheckSecret = "if it says so to a post too, check the account's secret",
        CheckUrl = "if it says so to a post too, check the account's url",
        MayWantNoMore = "if it says so to a post too, it wants no more posts",
        Redirect = "redirects are not followed; check the account's url",
        NoAnswer = "that is no answer",
        BrokenThere = "something is broken there",
    }
}

kept_texts! {
    /// A message of ours.
    KeptMessage {
        // What stands around another message comes first, or it would be read as a part of that one.
        MaybeOut { said: String } = "{said} (an earlier attempt may have published it)",
        LastAttempt { said: Box<KeptMessage>, error: String } = "{said}; its last attempt: {error}",
        /// Of an entry whose attempt found its account broken.
        WaitsForAccount { said: String } =
            "{said} (not final: the entry waits until its account is put right and resumed)",
        /// Of the last try of an entry that was the first to find nobody at its account's address.
        FinalUnlessNotAlone { said: String } =
            "{said} (final, unless the next entry finds the same: then the account's address is wrong, and both wait until it is put right)",
        ThenResume { said: String } = "{said}; then resume the account",
        WeChatDraftStays { said: String, draft: String } =
            "{said}; its draft {draft} stays among the account's drafts, where it can be deleted by hand",

        WantedAgain = "a person wants it tried again",
        WantedNow = "a person wants it published now",
        NotOutTryAgain = "a person says that it is not out: try again",
        NotOut = "a person says that it is not out",
        MovedFrom { from: Timestamp, to: Timestamp } = "a person moved it from the slot {from} to the slot {to}",
        Moved { to: Timestamp } = "a person moved it to the slot {to}",
        /// Why publishing is paused then.
        LookFirst = "the database is a copy that was put back; look first what of it is out",
        FromACopy =
            "the database is a copy that was put back: this was due after the copy was made, and may be out",

        NodeStopped = "the node stopped before the platform had answered",
        NodeLost { node: String } = "node {node} ended before this attempt did",
        RecoveredTooOften { recoveries: i32 } =
            "{recoveries} nodes ended while they published it: it may be out, and it may be what ended them. Look whether it is out, then resolve it",
        NotRepeated =
            "not sent again: it may be out, and as the account is set now, nobody would know a second one. Look whether it is out, then resolve it",
        Panicked { panic: String } = "the platform's code panicked: {panic}",
        Cancelled = "the platform's code was cancelled",
        NoEnd { seconds: u64 } = "no end within {seconds} s",
        Lost = "the attempt ended without a word: its task or its thread broke",
        Hung = "the platform's code did not end in time, and keeps its thread busy",
        NotRecorded = "what came of this attempt could not be recorded; the program's log says more",
        PossibleDuplicate =
            "it was published after its lease was lost, and had been tried again by then: look for a second post",

        LookedUpOnce = "looked up, and not there; it is looked up once more",
        LookedUpTwice = "looked up twice, and not there: it is sent again",
        LookedUpNoTryLeft = "looked up twice, and not there; there is no try left",
        SubmittedTooLong { hours: u64 } =
            "the platform accepted it, and did not finish within {hours} h. Look whether it is out, then resolve it",
        NoLookUp { platform: String } = "{platform} cannot look a post up",
        NoAsking { platform: String } = "{platform} cannot say how far it is",

        MissedSlot { within: u64, slot: Timestamp, next: Timestamp } =
            "it was not sent within {within} s of its slot, {slot}, and sits in the next free one of its account now: {next}",
        TooLateNotApproved { wanted: Timestamp, late: Timestamp } =
            "it was wanted {wanted}, and not out by {late}: its content was not approved",
        TooLateNoRun { wanted: Timestamp, late: Timestamp } =
            "it was wanted {wanted}, and not out by {late}: no run took it, as its turn had not come, or no enabled task publishes what is due",
        TooLateShut { wanted: Timestamp, late: Timestamp, shut: String } =
            "it was wanted {wanted}, and not out by {late}: {shut}",
        TooLate { wanted: Timestamp, late: Timestamp } = "it was wanted {wanted}, and not out by {late}",
        GaveUp { since: Timestamp, patience: u64 } =
            "its platform has not answered since {since}, and its account gives up after {patience} s",

        StepNotWithdrawn { step: String, reason: String } =
            "step {step} did not happen, but that was not kept: {reason}",
        StepNotKept { step: String, reason: String } = "step {step} was not kept: {reason}",
        StepNotBegun { step: String, reason: String } =
            "step {step} was not begun: that could not be kept: {reason}",
        ClaimLost = "the claim was lost",

        PictureNotFetched { picture: String, said: String } =
            "the picture “{picture}” could not be fetched: {said}",
        PicturesNotAtHand { why: String } = "the pictures are not at hand: {why}",
        PictureMissing { picture: String } =
            "the picture “{picture}” is not kept here; upload it, or import it together with its text",
        PictureFileGone { picture: String } =
            "the file of the picture “{picture}” is not in the media folder of this server any more; add the same file again, or put the folder back from a copy, and retry the entry",
        PictureKind { picture: String } = "the picture “{picture}” is none: PNG, JPEG, GIF and WebP are taken",
        PictureBroken { picture: String, kind: String, why: String } =
            "the picture “{picture}” begins as {kind} and cannot be read as one: {why}",
        PictureTooLarge { picture: String, has: u64, excess: u64, most: u64 } =
            "the picture “{picture}” has {has} bytes, {excess} more than are taken (at most {most})",
        PictureTooManyPixels { picture: String, has: u64, excess: u64, most: u64 } =
            "the picture “{picture}” has {has} pixels, {excess} more than are taken (at most {most})",
        PictureStaysTooLarge { picture: String, platform: String, most: u64 } =
            "the picture “{picture}” cannot be made as small as {platform} wants it (at most {most} bytes); upload a smaller one",
        PictureAmbiguous { picture: String } =
            "“{picture}” may be one of several pictures; write more of its digits",
        PictureNoAddress { picture: String } =
            "“{picture}” is no address of a picture: media: and 12 to 64 hexadecimal digits in small letters",
        FetchNoWebAddress = "it is no address on the web",
        FetchStatus { status: u16 } = "it was answered with {status}",
        FetchRedirects { most: u64 } = "it leads from one address to another, more than {most} times",
        FetchTooLarge { most: u64 } = "it has more than {most} bytes",
        FetchBrokeOff = "it broke off before its end",
        FetchUnreadable { why: String } = "it cannot be read to its end: {why}",
        FetchTooSlow { seconds: u64 } = "it took longer than {seconds} s",

        NoPlatform { name: String } = "this program has no platform named {name}",
        SettingsUnread { why: String } = "settings cannot be read: {why}",
        PlatformBroke = "the platform's own code broke when it was asked about itself",
        CredentialsUnreadable = "its credentials cannot be read: set them anew",
        CredentialsClosed { why: String } = "its credentials cannot be read: {why}",
        SettingsUnreadable { why: String } = "the account's settings cannot be read: {why}",
        SecretUseless = "the account's secret cannot be used to sign",
        SecretUselessAnother = "the account's secret cannot be used to sign: give it another",
        NotJson { why: String } = "the post cannot be written as JSON: {why}",
        NotWritten { why: String } = "the post could not be written: {why}",
        FolderUnwritable { folder: String, why: String } =
            "{folder} cannot be written: {why}. Check its owner and mode, and the room on its disk",
        Untestable { platform: String } = "{platform} cannot be tested without publishing",
        TooManyTests = "too many tests are under way; try again in a minute",
        NoThread { why: String } = "there is no thread for the test: {why}",

        Answered { status: u16, meaning: Answered } = "the receiver answered {status}: {meaning}",
        AnsweredOptions { status: u16, meaning: AnsweredOptions } =
            "the receiver answered OPTIONS with {status}: {meaning}",
        RefusedPlainly { status: u16 } = "the receiver refused the post: {status}",
        RefusedSaying { status: u16, said: String } = "the receiver refused the post: {status}: {said}",
        NoFreeConnection { seconds: u64 } = "no connection was free within {seconds} s",
        NoConnectionWithin { seconds: u64 } = "no connection within {seconds} s",
        NoTlsWithin { seconds: u64 } = "no TLS connection within {seconds} s",
        NothingSentWithin { seconds: u64 } = "nothing could be sent within {seconds} s",
        NoAnswerWithin { seconds: u64 } = "no answer within {seconds} s",
        ClosedEarly = "the receiver closed the connection before it answered",
        LostInAnswer { why: String } = "the connection was lost while the answer came: {why}",
        NoHttp { why: String } = "the answer was no HTTP: {why}",
        LostBeforeAnswer { why: String } = "the connection was lost before an answer came: {why}",
        NoTls { why: String } = "no TLS with the receiver: {why}",
        AddressUseless { why: String } = "the address cannot be used: {why}",
        NothingSent { why: String } = "nothing could be sent: {why}",
        NameNotFound { why: String } = "the name was not found: {why}",
        NameWithoutAddress = "the name has no address",
        ConnectionRefused = "the connection was refused",
        NoConnection { why: String } = "no connection: {why}",
        NoAnswerSeen { seen: String } = "there was no answer ({seen})",
        NoAddress { url: String, why: String } = "“{url}” is no address: {why}",
        Uncallable { url: String } = "“{url}” cannot be called",
        WeChatNotWhitelisted { address: IpAddr, said: String } =
            "WeChat answered 40164: add this server's address {address} to the IP whitelist of the account at mp.weixin.qq.com, then resume the account ({said})",
        WeChatNotWhitelistedUnnamed { said: String } =
            "WeChat answered 40164: add this server's public address to the IP whitelist of the account at mp.weixin.qq.com, then resume the account ({said})",
        WeChatSaid { code: i32, means: WeChatMeans, said: String } = "WeChat answered {code}: {means} ({said})",
        WeChatUnknown { code: i32, said: String } = "WeChat answered {code}, a code that this program does not know: {said}",
        WeChatUnread { interface: String } = "WeChat's answer to {interface} makes no sense",
        WeChatLacks { interface: String, field: String } = "WeChat's answer to {interface} has no {field}",
        WeChatElsewhere { status: u16 } =
            "{status} was answered where WeChat should be: check the account's api_base_url",
        WeChatNoSecret = "the account has no app_secret: set it",
        WeChatNoCover { content: i64 } = "content {content} has no cover, and WeChat takes no article without one: give it a picture as its cover",
        TokenAwaited = "another node fetches the account's token, and has not ended",
        TokenNotKept { why: String } = "the account's token cannot be looked up: {why}",
        WeChatNotPublished { end: WeChatEnd } = "it is not published: {end}",
        WeChatStillPublishing = "WeChat is still publishing it",
        WeChatEndUnknown { status: i64 } = "WeChat says of its publication {status}, which this program does not know",
        WeChatNoMarker { draft: String } =
            "draft {draft} was submitted, and it was not seen whether WeChat took it; without a source_url, and with no marker_url in the account's settings, nothing tells which article it is. Look whether it is published, then resolve it",
        WeChatDraftGone { draft: String } =
            "draft {draft} was submitted, and is not among the drafts any more, nor in the list of what is published. Look whether it is published, then resolve it",
        AddressRefused { address: IpAddr, what: AddressKind, line: String } =
            "{address} is {what}, and nothing is sent to such unless the settings name it. To allow it, put this line into contenthub.toml (or its value where outbound_allow is set now) and restart: {line}",
        NameRefused { name: String, address: IpAddr, what: AddressKind, line: String } =
            "{name} is at {address}, {what}, and nothing is sent to such unless the settings name it. To allow it, put this line into contenthub.toml (or its value where outbound_allow is set now) and restart: {line}",
    }
}
