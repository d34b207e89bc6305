//! Pictures: where an article's are found, and what WeChat takes of them. Nothing here sends anything to WeChat.

use super::super::http::{self, Request};
use super::super::outbound::Outbound;
use super::super::platform::PublishCall;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Scope, Seen};
use crate::platforms::journal::repeated;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What a picture is uploaded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Permanent material, which an article names as its cover.
    Cover,
    /// Within an article: it is given an address.
    Body,
}

impl Purpose {
    /// In bytes, what WeChat takes:
    /// <https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Adding_Permanent_Assets.html>.
    pub const fn bytes_max(self) -> usize {
        match self {
            Purpose::Cover => 10 * 1024 * 1024,
            // It says “below 1 MB”.
            Purpose::Body => 1024 * 1024 - 1,
        }
    }

    const fn formats(self) -> &'static [Format] {
        match self {
            Purpose::Cover => &[Format::Jpeg, Format::Png, Format::Gif, Format::Bmp],
            Purpose::Body => &[Format::Jpeg, Format::Png],
        }
    }
}

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    Bmp,
}

impl Format {
    /// By the first bytes of a file, whatever its name is.
    pub fn of(bytes: &[u8]) -> Option<Format> {
        let signatures: [(&[u8], Format); 5] = [
            (b"\xff\xd8\xff", Format::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Format::Png),
            (b"GIF87a", Format::Gif),
            (b"GIF89a", Format::Gif),
            (b"BM", Format::Bmp),
        ];
        signatures.into_iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, format)| format)
    }

    /// The type and the name of its files.
    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Format::Jpeg => ("image/jpeg", "picture.jpg"),
            Format::Png => ("image/png", "picture.png"),
            Format::Gif => ("image/gif", "picture.gif"),
            Format::Bmp => ("image/bmp", "picture.bmp"),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
        }
    }
}

/// A picture that WeChat takes for its purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) format: Format,
}

impl Picture {
    /// # Errors
    /// Why WeChat would not take these bytes.
    pub fn new(bytes: Vec<u8>, purpose: Purpose) -> Result<Picture, KeptMessage> {
        if bytes.len() > purpose.bytes_max() {
            let most = u64::try_from(purpose.bytes_max()).unwrap_or(u64::MAX);
            return Err(KeptMessage::WeChatPictureLarge { most });
        }
        match Format::of(&bytes).filter(|format| purpose.formats().contains(format)) {
            Some(format) => Ok(Picture { bytes, format }),
            None => {
                let takes: Vec<&str> = purpose.formats().iter().map(|format| format.word()).collect();
                Err(KeptMessage::WeChatPictureFormat { takes: takes.join(", ") })
            }
        }
    }
}

/// What is known of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was uploaded for this account and purpose before, and this is what WeChat called it: a cover's media_id, or an
    /// address.
    Uploaded(String),
    /// It is to be uploaded.
    New(Picture),
}

/// Where pictures are found, and what their uploads were called. Whoever has a store of files implements this, and keeps
/// what was uploaded by account and file.
pub trait Pictures: Send + Sync {
    /// A picture as the content names it.
    ///
    /// # Errors
    /// `Refused` where there is none that WeChat would take; what may pass, as it was seen.
    fn find(
        &self,
        call: &PublishCall,
        source: &str,
        purpose: Purpose,
        time: Duration,
    ) -> LocalBoxFuture<'static, Result<Found, Seen>>;

    /// It was uploaded, and WeChat calls it so.
    fn uploaded(
        &self,
        call: &PublishCall,
        source: &str,
        purpose: Purpose,
        name: &str,
    ) -> LocalBoxFuture<'static, ()>;

    /// WeChat has it no longer: it is to be uploaded again.
    fn is_gone(&self, call: &PublishCall, source: &str, purpose: Purpose) -> LocalBoxFuture<'static, ()>;
}

/// Pictures on the web, fetched by the client that all platforms share, and uploaded by each entry anew.
#[derive(Debug)]
pub struct WebPictures(pub Arc<Outbound>);

impl Pictures for WebPictures {
    fn find(
        &self,
        call: &PublishCall,
        source: &str,
        purpose: Purpose,
        time: Duration,
    ) -> LocalBoxFuture<'static, Result<Found, Seen>> {
        let (outbound, source) = (self.0.clone(), source.to_owned());
        let (trust, unix_seconds) = (call.trust.clone(), call.unix_seconds);
        async move {
            let refused = |why: KeptMessage| unusable(&source, &why);
            let is_web = Url::parse(&source).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            if !is_web {
                return Err(refused(KeptMessage::WeChatPictureNotWeb));
            }
            let request = Request {
                url: &source,
                headers: Vec::new(),
                body: Vec::new(),
                time,
                trust: Some(trust),
                unix_seconds,
                answer_max: purpose.bytes_max() + 1,
            };
            let answer = http::get(&outbound, request).await.map_err(|seen| of_its_server(&source, seen))?;
            if !(200..=299).contains(&answer.status) {
                return Err(refused(KeptMessage::WeChatPictureStatus { status: answer.status }));
            }
            if !answer.is_whole && answer.body.len() <= purpose.bytes_max() {
                let problem = Problem::new("picture", in_words(&source, &KeptMessage::WeChatPictureCut));
                return Err(repeated(Seen::ServerFault { problem, retry_after: None }));
            }
            Picture::new(answer.body, purpose).map(Found::New).map_err(refused)
        }
        .boxed_local()
    }

    fn uploaded(&self, _: &PublishCall, _: &str, _: Purpose, _: &str) -> LocalBoxFuture<'static, ()> {
        ready(()).boxed_local()
    }

    fn is_gone(&self, _: &PublishCall, _: &str, _: Purpose) -> LocalBoxFuture<'static, ()> {
        ready(()).boxed_local()
    }
}

/// No attempt will bring a picture that WeChat takes, before a person has changed something.
pub fn unusable(source: &str, why: &KeptMessage) -> Seen {
    Seen::Refused(Problem::new("picture", in_words(source, why)))
}

fn in_words(source: &str, why: &KeptMessage) -> KeptMessage {
    KeptMessage::WeChatPicture { picture: source.to_owned(), why: why.to_string() }
}

/// That a picture's server fails says nothing of WeChat: it costs the entry a retry, and names the picture.
fn of_its_server(source: &str, seen: Seen) -> Seen {
    let named = |problem: Problem| {
        let message = KeptMessage::WeChatPicture { picture: source.to_owned(), why: problem.message };
        Problem::new(problem.code, message)
    };
    match seen {
        Seen::NothingLeft(problem)
        | Seen::ServerFault { problem, .. }
        | Seen::AskedToWait { problem, .. }
        | Seen::EndUnseen { problem, .. } => {
            Seen::StepFailed { problem: named(problem), scope: Scope::Entry, retry_after: None }
        }
        // Its address may not be called: only another picture helps.
        Seen::AccountBroken { problem, .. } => Seen::Refused(named(problem)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";

    #[test]
    fn what_wechat_takes_is_told_by_the_bytes() {
        let takes = |bytes: &[u8], purpose| Picture::new(bytes.to_vec(), purpose).map(|it| it.format);
        assert_eq!(takes(PNG, Purpose::Body), Ok(Format::Png));
        assert_eq!(takes(b"\xff\xd8\xff\xe0", Purpose::Body), Ok(Format::Jpeg));
        assert_eq!(takes(b"GIF89a", Purpose::Cover), Ok(Format::Gif));
        assert_eq!(takes(b"BM", Purpose::Cover), Ok(Format::Bmp));
        for bytes in [&b"GIF89a"[..], b"BM", b"<svg", b""] {
            let told = takes(bytes, Purpose::Body).expect_err("no picture of an article").to_string();
            assert!(told.contains("JPEG, PNG"), "{told}");
        }
    }

    #[test]
    fn a_picture_has_a_largest_size() {
        for (purpose, most) in [(Purpose::Cover, 10 * 1024 * 1024), (Purpose::Body, 1024 * 1024 - 1)] {
            let mut bytes = PNG.to_vec();
            bytes.resize(most, 0);
            assert!(Picture::new(bytes.clone(), purpose).is_ok());
            bytes.push(0);
            let told = Picture::new(bytes, purpose).expect_err("too large").to_string();
            assert!(told.contains(&most.to_string()), "{told}");
        }
    }

    #[test]
    fn a_pictures_server_is_not_wechat() {
        let problem = || Problem::new("code", "said");
        for seen in [
            Seen::NothingLeft(problem()),
            Seen::AskedToWait { problem: problem(), retry_after: Some(Duration::from_secs(60)) },
            Seen::EndUnseen { problem: problem(), retry_after: None },
        ] {
            let Seen::StepFailed { problem, scope: Scope::Entry, retry_after: None } =
                of_its_server("https://a.example/b.png", seen)
            else {
                panic!("the entry's own")
            };
            assert!(problem.message.contains("b.png") && problem.message.contains("said"));
        }
        let refused = of_its_server("x", Seen::AccountBroken { problem: problem(), until: None });
        assert!(matches!(refused, Seen::Refused(_)), "{refused:?}");
        assert_eq!(of_its_server("x", Seen::NotSent), Seen::NotSent);
    }
}
