//! What the publish log says, and why the machine suspended an account.

use super::super::{InChinese, chinese};
use super::kept;
use crate::domain::clock::Timestamp;
use crate::domain::kept::message::{Answered, AnsweredOptions, KeptMessage};
use crate::words::{Sentence, Value};

impl InChinese for KeptMessage {
    fn in_chinese(&self) -> Sentence {
        use KeptMessage as K;
        match self {
            K::MaybeOut { said } => chinese("kept-maybe-out").with("said", kept(said)),
            K::LastAttempt { said, error } => {
                chinese("kept-last-attempt").with("said", said.in_chinese()).with("error", kept(error))
            }
            K::WaitsForAccount { said } => chinese("kept-waits-for-account").with("said", kept(said)),
            K::FinalUnlessNotAlone { said } => {
                chinese("kept-final-unless-not-alone").with("said", kept(said))
            }
            K::ThenResume { said } => chinese("kept-then-resume").with("said", kept(said)),
            K::WeChatDraftStays { said, draft } => {
                chinese("wechat-draft-stays").with("said", kept(said)).with("draft", draft.as_str())
            }
            K::WantedAgain => chinese("kept-wanted-again"),
            K::WantedNow => chinese("kept-wanted-now"),
            K::NotOutTryAgain => chinese("kept-not-out-try-again"),
            K::NotOut => chinese("kept-not-out"),
            K::MovedFrom { from, to } => chinese("kept-moved-from").with("from", *from).with("to", *to),
            K::Moved { to } => chinese("kept-moved").with("to", *to),
            K::LookFirst => chinese("kept-look-first"),
            K::FromACopy => chinese("kept-from-a-copy"),
            K::NodeStopped => chinese("kept-node-stopped"),
            K::NodeLost { node } => chinese("kept-node-lost").with("node", node.as_str()),
            K::RecoveredTooOften { recoveries } => {
                chinese("kept-recovered-too-often").with("count", recoveries.to_string())
            }
            K::NotRepeated => chinese("kept-not-repeated"),
            K::Panicked { panic } => chinese("kept-panicked").with("panic", panic.as_str()),
            K::Cancelled => chinese("kept-cancelled"),
            K::NoEnd { seconds } => chinese("kept-no-end").with("seconds", seconds.to_string()),
            K::Lost => chinese("kept-lost"),
            K::Hung => chinese("kept-hung"),
            K::NotRecorded => chinese("kept-not-recorded"),
            K::PossibleDuplicate => chinese("kept-possible-duplicate"),
            K::LookedUpOnce => chinese("kept-looked-up-once"),
            K::LookedUpTwice => chinese("kept-looked-up-twice"),
            K::LookedUpNoTryLeft => chinese("kept-looked-up-no-try-left"),
            K::SubmittedTooLong { hours } => {
                chinese("kept-submitted-too-long").with("hours", hours.to_string())
            }
            K::NoLookUp { platform } => chinese("kept-no-look-up").with("platform", platform.as_str()),
            K::NoAsking { platform } => chinese("kept-no-asking").with("platform", platform.as_str()),
            K::MissedSlot { within, slot, next } => chinese("kept-missed-slot")
                .with("slot", *slot)
                .with("seconds", within.to_string())
                .with("next", *next),
            K::TooLateNotApproved { wanted, late } => too_late(*wanted, *late, chinese("kept-not-approved")),
            K::TooLateNoRun { wanted, late } => too_late(*wanted, *late, chinese("kept-no-run")),
            K::TooLateShut { wanted, late, shut } => too_late(*wanted, *late, kept(shut)),
            K::TooLate { wanted, late } => {
                chinese("kept-too-late").with("wanted", *wanted).with("late", *late)
            }
            K::GaveUp { since, patience } => {
                chinese("kept-gave-up").with("since", *since).with("seconds", patience.to_string())
            }
            K::StepNotKept { step, reason } => {
                chinese("kept-step-not-kept").with("step", step.as_str()).with("why", kept(reason))
            }
            K::StepNotBegun { step, reason } => {
                chinese("kept-step-not-begun").with("step", step.as_str()).with("why", kept(reason))
            }
            K::StepNotWithdrawn { step, reason } => {
                chinese("kept-step-not-withdrawn").with("step", step.as_str()).with("why", kept(reason))
            }
            K::ClaimLost => chinese("kept-claim-lost"),
            K::PictureNotFetched { picture, said } => {
                chinese("kept-picture-not-fetched").with("picture", picture.as_str()).with("said", kept(said))
            }
            K::PicturesNotAtHand { why } => chinese("kept-pictures-not-at-hand").with("why", why.as_str()),
            K::PictureMissing { picture } => chinese("media-missing").with("picture", picture.as_str()),
            K::PictureFileGone { picture } => chinese("media-file-gone").with("picture", picture.as_str()),
            K::PictureKind { picture } => chinese("media-unknown-kind").with("picture", picture.as_str()),
            K::PictureBroken { picture, kind, why } => chinese("media-broken")
                .with("picture", picture.as_str())
                .with("kind", kind.as_str())
                .with("why", why.as_str()),
            K::PictureTooLarge { picture, has, excess, most } => chinese("media-too-many-bytes")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", excess.to_string())
                .with("most", most.to_string()),
            K::PictureTooManyPixels { picture, has, excess, most } => chinese("media-too-many-pixels")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", excess.to_string())
                .with("most", most.to_string()),
            K::PictureStaysTooLarge { picture, platform, most } => chinese("media-stays-too-large")
                .with("picture", picture.as_str())
                .with("platform", platform.as_str())
                .with("most", most.to_string()),
            K::PictureAmbiguous { picture } => chinese("media-ambiguous").with("picture", picture.as_str()),
            K::PictureNoAddress { picture } => chinese("media-no-address").with("picture", picture.as_str()),
            K::FetchNoWebAddress => chinese("fetch-no-web-address"),
            K::FetchStatus { status } => chinese("fetch-status").with("status", status.to_string()),
            K::FetchRedirects { most } => chinese("fetch-redirects").with("most", most.to_string()),
            K::FetchTooLarge { most } => chinese("fetch-too-large").with("most", most.to_string()),
            K::FetchBrokeOff => chinese("fetch-broke-off"),
            K::FetchUnreadable { why } => chinese("fetch-unreadable").with("why", why.as_str()),
            K::FetchTooSlow { seconds } => chinese("fetch-too-slow").with("seconds", seconds.to_string()),
            K::NoPlatform { name } => chinese("unready-no-platform").with("name", name.as_str()),
            K::SettingsUnread { why } => chinese("unready-settings").with("why", why.as_str()),
            K::PlatformBroke => chinese("unready-panicked"),
            K::CredentialsUnreadable => chinese("unready-credentials-unreadable"),
            K::CredentialsClosed { why } => chinese("unready-credentials-closed").with("why", kept(why)),
            K::SettingsUnreadable { why } => chinese("kept-settings-unreadable").with("why", why.as_str()),
            K::SecretUseless => chinese("kept-secret-useless"),
            K::SecretUselessAnother => chinese("kept-secret-useless-another"),
            K::NotJson { why } => chinese("kept-not-json").with("why", why.as_str()),
            K::NotWritten { why } => chinese("kept-not-written").with("why", why.as_str()),
            K::FolderUnwritable { folder, why } => {
                chinese("kept-folder-unwritable").with("folder", folder.as_str()).with("why", why.as_str())
            }
            K::Untestable { platform } => chinese("kept-untestable").with("platform", platform.as_str()),
            K::TooManyTests => chinese("kept-too-many-tests"),
            K::NoThread { why } => chinese("kept-no-thread").with("why", why.as_str()),
            K::Answered { status, meaning } => chinese("kept-answered")
                .with("status", status.to_string())
                .with("meaning", meaning.in_chinese()),
            K::AnsweredOptions { status, meaning } => chinese("kept-answered-options")
                .with("status", status.to_string())
                .with("meaning", meaning.in_chinese()),
            K::RefusedPlainly { status } => chinese("kept-refused").with("status", status.to_string()),
            K::RefusedSaying { status, said } => {
                chinese("kept-refused-saying").with("status", status.to_string()).with("said", said.as_str())
            }
            K::NoFreeConnection { seconds } => {
                chinese("kept-no-free-connection").with("seconds", seconds.to_string())
            }
            K::NoConnectionWithin { seconds } => {
                chinese("kept-no-connection-within").with("seconds", seconds.to_string())
            }
            K::NoTlsWithin { seconds } => chinese("kept-no-tls-within").with("seconds", seconds.to_string()),
            K::NothingSentWithin { seconds } => {
                chinese("kept-nothing-sent-within").with("seconds", seconds.to_string())
            }
            K::NoAnswerWithin { seconds } => {
                chinese("kept-no-answer-within").with("seconds", seconds.to_string())
            }
            K::ClosedEarly => chinese("kept-closed-early"),
            K::LostInAnswer { why } => chinese("kept-lost-in-answer").with("why", why.as_str()),
            K::NoHttp { why } => chinese("kept-no-http").with("why", why.as_str()),
            K::LostBeforeAnswer { why } => chinese("kept-lost-before-answer").with("why", why.as_str()),
            K::NoTls { why } => chinese("kept-no-tls").with("why", why.as_str()),
            K::AddressUseless { why } => chinese("kept-address-useless").with("why", why.as_str()),
            K::NothingSent { why } => chinese("kept-nothing-sent").with("why", why.as_str()),
            K::NameNotFound { why } => chinese("kept-name-not-found").with("why", why.as_str()),
            K::NameWithoutAddress => chinese("kept-name-without-address"),
            K::ConnectionRefused => chinese("kept-connection-refused"),
            K::NoConnection { why } => chinese("kept-no-connection").with("why", why.as_str()),
            K::NoAnswerSeen { seen } => chinese("kept-no-answer").with("seen", seen.as_str()),
            K::NoAddress { url, why } => {
                chinese("account-no-address").with("given", url.as_str()).with("why", why.as_str())
            }
            K::Uncallable { url } => chinese("kept-uncallable").with("url", url.as_str()),
            K::WeChatNotWhitelisted { address, said } => chinese("wechat-not-whitelisted")
                .with("address", address.to_string())
                .with("said", said.as_str()),
            K::WeChatNotWhitelistedUnnamed { said } => {
                chinese("wechat-not-whitelisted-unnamed").with("said", said.as_str())
            }
            K::WeChatSaid { code, means, said } => chinese("wechat-said")
                .with("code", code.to_string())
                .with("means", means.in_chinese())
                .with("said", said.as_str()),
            K::WeChatUnknown { code, said } => {
                chinese("wechat-unknown").with("code", code.to_string()).with("said", said.as_str())
            }
            K::WeChatUnread { interface } => chinese("wechat-unread").with("interface", interface.as_str()),
            K::WeChatLacks { interface, field } => {
                chinese("wechat-lacks").with("interface", interface.as_str()).with("field", field.as_str())
            }
            K::WeChatElsewhere { status } => chinese("wechat-elsewhere").with("status", status.to_string()),
            K::WeChatNoSecret => chinese("wechat-no-secret"),
            K::WeChatNoCover { content } => chinese("wechat-no-cover").with("content", content.to_string()),
            K::TokenAwaited => chinese("token-awaited"),
            K::TokenNotKept { why } => chinese("token-not-kept").with("why", kept(why)),
            K::WeChatNotPublished { end } => chinese("wechat-not-published").with("end", end.in_chinese()),
            K::WeChatStillPublishing => chinese("wechat-still-publishing"),
            K::WeChatEndUnknown { status } => {
                chinese("wechat-end-unknown").with("status", status.to_string())
            }
            K::WeChatNoMarker { draft } => chinese("wechat-no-marker").with("draft", draft.as_str()),
            K::WeChatDraftGone { draft } => chinese("wechat-draft-gone").with("draft", draft.as_str()),
            K::AddressRefused { address, what, line } => chinese("outbound-refused")
                .with("address", address.to_string())
                .with("what", what.in_chinese())
                .with("line", line.as_str()),
            K::NameRefused { name, address, what, line } => chinese("outbound-refused-name")
                .with("name", name.as_str())
                .with("address", address.to_string())
                .with("what", what.in_chinese())
                .with("line", line.as_str()),
        }
    }
}

fn too_late(wanted: Timestamp, late: Timestamp, why: impl Into<Value>) -> Sentence {
    chinese("kept-too-late-because").with("wanted", wanted).with("late", late).with("why", why)
}

impl InChinese for Answered {
    fn in_chinese(&self) -> Sentence {
        match self {
            Answered::TooMany => chinese("kept-meaning-too-many"),
            Answered::AsksToWait => chinese("kept-meaning-asks-to-wait"),
            Answered::NobodyBehind => chinese("kept-meaning-nobody-behind"),
            Answered::FailedThere => chinese("kept-meaning-failed-there"),
            Answered::NoAnswer => chinese("kept-meaning-no-answer"),
            Answered::SignatureRefused => chinese("kept-meaning-signature"),
            Answered::WantsNoMore => chinese("kept-meaning-wants-no-more"),
            Answered::NobodyThere => chinese("kept-meaning-nobody-there"),
        }
    }
}

impl InChinese for AnsweredOptions {
    fn in_chinese(&self) -> Sentence {
        match self {
            AnsweredOptions::TooMany => chinese("kept-meaning-too-many-later"),
            AnsweredOptions::NobodyBehind => chinese("kept-meaning-nobody-behind"),
            AnsweredOptions::CheckSecret => chinese("kept-meaning-check-secret"),
            AnsweredOptions::CheckUrl => chinese("kept-meaning-check-url"),
            AnsweredOptions::MayWantNoMore => chinese("kept-meaning-may-want-no-more"),
            AnsweredOptions::Redirect => chinese("kept-meaning-redirect"),
            AnsweredOptions::NoAnswer => chinese("kept-meaning-no-options-answer"),
            AnsweredOptions::BrokenThere => chinese("kept-meaning-broken-there"),
        }
    }
}
