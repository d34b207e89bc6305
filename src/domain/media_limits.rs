//! What a platform takes of a picture at the most, and what is done where one is larger, or of another kind: it is made to
//! fit. Only what cannot be made to fit is an error, told before anything is sent.

use super::fault::{Fault, MediaFault};
use super::field_error::FieldError;
use super::media::{FILE_MAX_BYTES, MediaAddress, MediaFacts, MediaKind, PIXELS_MAX};

/// The limits of one platform for pictures of one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaLimits {
    /// Who has them, as users write it.
    pub platform: &'static str,
    /// Those that are taken.
    pub kinds: &'static [MediaKind],
    /// The most bytes of a file that is still taken.
    pub bytes: u64,
    /// In pixels, of the longer side of a picture that has to be encoded anew. One that fits as it is may be larger.
    pub side: u32,
}

/// Within the text of an article, `media/uploadimg`: JPEG and PNG under 1 MB:
/// <https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Adding_Permanent_Assets.html>.
pub const WECHAT_BODY: MediaLimits = MediaLimits {
    platform: "wechat",
    kinds: &[MediaKind::Jpeg, MediaKind::Png],
    bytes: 1024 * 1024 - 1,
    side: 1440,
};

/// A cover as `material/add_material?type=image`: up to 10 MB.
pub const WECHAT_COVER: MediaLimits = MediaLimits {
    platform: "wechat",
    kinds: &[MediaKind::Jpeg, MediaKind::Png, MediaKind::Gif],
    bytes: 10 * 1024 * 1024,
    side: 1440,
};

/// A cover as `material/add_material?type=thumb`: a JPEG of 64 KB.
pub const WECHAT_THUMB: MediaLimits =
    MediaLimits { platform: "wechat", kinds: &[MediaKind::Jpeg], bytes: 64 * 1024, side: 900 };

impl MediaLimits {
    /// Whether a file is taken as it is.
    pub fn fits(&self, facts: &MediaFacts) -> bool {
        self.kinds.contains(&facts.kind) && facts.bytes <= self.bytes
    }

    /// What keeps a picture from being taken, however it is encoded; `field` is what names it, as `picture`. None of the
    /// facts: it is not kept here.
    pub fn check(&self, field: &str, picture: &str, facts: Option<&MediaFacts>) -> Option<FieldError> {
        let picture = || picture.to_owned();
        let fault = match facts {
            None => MediaFault::Missing { picture: picture() },
            Some(facts) if self.fits(facts) => return None,
            Some(facts) if facts.bytes > FILE_MAX_BYTES => {
                MediaFault::TooManyBytes { picture: picture(), has: facts.bytes, most: FILE_MAX_BYTES }
            }
            Some(facts) if facts.pixels() > PIXELS_MAX => {
                MediaFault::TooManyPixels { picture: picture(), has: facts.pixels(), most: PIXELS_MAX }
            }
            Some(_) => return None,
        };
        Some(FieldError::new(field, fault))
    }

    /// The size in pixels that a picture is given when it is encoded anew: its own where that is small enough. Its shape
    /// stays, and no side becomes 0.
    pub fn scaled(&self, width: u32, height: u32) -> (u32, u32) {
        within(width, height, self.side)
    }
}

/// What a platform takes of an article's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureRules {
    pub body: MediaLimits,
    pub cover: MediaLimits,
    /// It takes no article without one.
    pub needs_cover: bool,
}

impl PictureRules {
    /// Everything that keeps an article from being shown with all of its pictures, as far as that is known before they are
    /// fetched. `named` are its names for them, each with the field that has it; `kept` says which of them is which picture.
    pub fn check<'a>(
        &self,
        named: &[(&'static str, String)],
        kept: impl Fn(&str) -> Option<&'a MediaFacts>,
    ) -> Vec<FieldError> {
        let has_cover = named.iter().any(|(field, _)| *field == COVER);
        let no_cover = (self.needs_cover && !has_cover).then(|| FieldError::new(COVER, Fault::Missing));
        let wrong = named.iter().filter_map(|(field, source)| {
            let limits = if *field == COVER { &self.cover } else { &self.body };
            match kept(source) {
                None if is_asked_elsewhere(source) => None,
                facts => limits.check(field, source, facts),
            }
        });
        no_cover.into_iter().chain(wrong).collect()
    }
}

/// The field of a content that names its cover.
const COVER: &str = "cover";

/// What is fetched when it is published, and what was asked for when the text was written.
fn is_asked_elsewhere(source: &str) -> bool {
    let has = |scheme: &str| source.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    has("http://") || has("https://") || source.starts_with(MediaAddress::SCHEME)
}

/// The largest size of this shape whose longer side has at most `side` pixels, and no larger than it is.
pub fn within(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let of = |part: u32| {
        let scaled = u64::from(part) * u64::from(side) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    (of(width), of(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(kind: MediaKind, bytes: u64, (width, height): (u32, u32)) -> MediaFacts {
        MediaFacts { sha256: "0".repeat(64).parse().expect("a hash"), kind, bytes, width, height }
    }

    #[test]
    fn what_is_taken_as_it_is() {
        use MediaKind::{Gif, Jpeg, Png, Webp};
        const KB: u64 = 1024;
        for (limits, kind, bytes, fits) in [
            (WECHAT_BODY, Jpeg, KB * KB - 1, true),
            (WECHAT_BODY, Jpeg, KB * KB, false),
            (WECHAT_BODY, Png, 1, true),
            (WECHAT_BODY, Gif, 1, false),
            (WECHAT_BODY, Webp, 1, false),
            (WECHAT_COVER, Gif, 10 * KB * KB, true),
            (WECHAT_COVER, Png, 10 * KB * KB + 1, false),
            (WECHAT_COVER, Webp, 1, false),
            (WECHAT_THUMB, Jpeg, 64 * KB, true),
            (WECHAT_THUMB, Jpeg, 64 * KB + 1, false),
            (WECHAT_THUMB, Png, 1, false),
        ] {
            assert_eq!(limits.fits(&facts(kind, bytes, (1, 1))), fits, "{limits:?} {kind} {bytes}");
        }
    }

    #[test]
    fn only_what_cannot_be_made_to_fit_is_told_and_by_how_much() {
        let told = |facts: Option<&MediaFacts>| {
            WECHAT_BODY.check("body", "a.png", facts).map(|wrong| wrong.to_string())
        };
        assert_eq!(told(Some(&facts(MediaKind::Webp, FILE_MAX_BYTES, (5000, 10_000)))), None);
        // What fits as it is has not to be decoded.
        assert_eq!(told(Some(&facts(MediaKind::Png, 1, (5001, 10_000)))), None);
        let (over, long) = (facts(MediaKind::Gif, FILE_MAX_BYTES + 3, (1, 1)), (5001, 10_000));
        for (facts, says) in [
            (
                None,
                "body: the picture “a.png” is not kept here; upload it, or import it together with its text",
            ),
            (
                Some(over),
                "body: the picture “a.png” has 20971523 bytes, 3 more than are taken (at most 20971520)",
            ),
            (
                Some(facts(MediaKind::Webp, 1, long)),
                "body: the picture “a.png” has 50010000 pixels, 10000 more than are taken (at most 50000000)",
            ),
        ] {
            assert_eq!(told(facts.as_ref()).as_deref(), Some(says));
        }
    }

    #[test]
    fn an_article_lacks_what_is_nowhere_and_its_cover_where_that_is_needed() {
        let rules = PictureRules { body: WECHAT_BODY, cover: WECHAT_COVER, needs_cover: false };
        let known = facts(MediaKind::Png, 1, (1, 1));
        let huge = facts(MediaKind::Webp, 1, (10_000, 10_000));
        let kept = |source: &str| match source {
            "known.png" => Some(&known),
            "huge.webp" => Some(&huge),
            _ => None,
        };
        let told = |rules: PictureRules, named: &[(&'static str, &str)]| -> Vec<String> {
            let named: Vec<_> = named.iter().map(|(field, source)| (*field, (*source).to_owned())).collect();
            rules.check(&named, kept).iter().map(ToString::to_string).collect()
        };
        let fine =
            [("body", "known.png"), ("body", "HTTPS://a.example/a.png"), ("cover", "media:0123456789ab")];
        assert_eq!(told(rules, &fine), Vec::<String>::new());
        let wrong = told(rules, &[("body", "lost.png"), ("body", "huge.webp"), ("cover", "lost.png")]);
        let begin =
            ["body: the picture “lost.png” is", "body: the picture “huge.webp” has", "cover: the picture"];
        assert!(wrong.iter().zip(begin).all(|(told, begin)| told.starts_with(begin)), "{wrong:?}");
        assert_eq!(wrong.len(), begin.len());
        let needs = PictureRules { needs_cover: true, ..rules };
        assert_eq!(told(needs, &fine), Vec::<String>::new());
        assert_eq!(told(needs, &fine[..2]), ["cover: is missing"]);
    }

    #[test]
    fn a_picture_keeps_its_shape() {
        for (given, scaled) in [
            ((1440, 10), (1440, 10)),
            ((2880, 1440), (1440, 720)),
            ((1000, 4000), (360, 1440)),
            ((50_000, 1), (1440, 1)),
            ((1, 50_000), (1, 1440)),
        ] {
            assert_eq!(WECHAT_BODY.scaled(given.0, given.1), scaled, "{given:?}");
        }
        assert_eq!(within(u32::MAX, u32::MAX, 7), (7, 7));
    }
}
