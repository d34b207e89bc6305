//! What WeChat says instead of doing what it was asked: an `errcode` and an `errmsg`, in an answer of status 200.
//!
//! Codes and their words are those of WeChat's list of global return codes, and of what its users were told:
//! <https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html>.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

/// An `errcode` other than 0. The `errmsg` is sent with a request id behind it, as WeChat does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: i32,
    pub message: Cow<'static, str>,
}

impl Refusal {
    pub const fn new(code: i32, message: &'static str) -> Self {
        Refusal { code, message: Cow::Borrowed(message) }
    }

    /// The address is in the message alone, and people read it there.
    pub fn not_in_whitelist(peer: IpAddr) -> Self {
        let mapped = match peer {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        // `Ipv6Addr` writes a mapped address with dots, which is WeChat's way too.
        let message = format!("invalid ip {peer} ipv6 {mapped}, not in whitelist");
        Refusal { code: 40164, message: Cow::Owned(message) }
    }
}

pub const SYSTEM_ERROR: Refusal = Refusal::new(-1, "system error");
pub const INVALID_CREDENTIAL: Refusal =
    Refusal::new(40001, "invalid credential, access_token is invalid or not latest");
pub const INVALID_GRANT_TYPE: Refusal = Refusal::new(40002, "invalid grant_type");
pub const INVALID_MEDIA_TYPE: Refusal = Refusal::new(40004, "invalid media type");
pub const INVALID_FILE_TYPE: Refusal = Refusal::new(40005, "invalid file type");
pub const INVALID_MEDIA_ID: Refusal = Refusal::new(40007, "invalid media_id");
pub const INVALID_IMAGE_SIZE: Refusal = Refusal::new(40009, "invalid image size");
pub const INVALID_THUMB_SIZE: Refusal = Refusal::new(40012, "invalid thumb size");
pub const INVALID_APPID: Refusal = Refusal::new(40013, "invalid appid");
pub const INVALID_ACCESS_TOKEN: Refusal = Refusal::new(40014, "invalid access_token");
pub const INVALID_ARTICLE_IDX: Refusal = Refusal::new(40060, "invalid article idx");
pub const INVALID_URL: Refusal = Refusal::new(40066, "invalid url");
pub const INVALID_ARGS: Refusal = Refusal::new(40097, "invalid args");
pub const INVALID_INDEX: Refusal = Refusal::new(40114, "invalid index value");
pub const INVALID_APPSECRET: Refusal = Refusal::new(40125, "invalid appsecret");
pub const INVALID_IMAGE_FORMAT: Refusal = Refusal::new(40137, "invalid image format");
pub const EMPTY_TITLE: Refusal = Refusal::new(40227, "title is empty");
pub const ACCESS_TOKEN_MISSING: Refusal = Refusal::new(41001, "access_token missing");
pub const APPID_MISSING: Refusal = Refusal::new(41002, "appid missing");
pub const APPSECRET_MISSING: Refusal = Refusal::new(41004, "appsecret missing");
pub const MEDIA_DATA_MISSING: Refusal = Refusal::new(41005, "media data missing");
pub const MEDIA_ID_MISSING: Refusal = Refusal::new(41006, "media_id missing");
pub const ACCESS_TOKEN_EXPIRED: Refusal = Refusal::new(42001, "access_token expired");
pub const REQUIRE_GET: Refusal = Refusal::new(43001, "require GET method");
pub const REQUIRE_POST: Refusal = Refusal::new(43002, "require POST method");
pub const EMPTY_MEDIA_DATA: Refusal = Refusal::new(44001, "empty media data");
pub const EMPTY_POST_DATA: Refusal = Refusal::new(44002, "empty post data");
pub const EMPTY_NEWS_DATA: Refusal = Refusal::new(44003, "empty news data");
pub const EMPTY_CONTENT: Refusal = Refusal::new(44004, "empty content");
pub const CONTENT_SIZE: Refusal = Refusal::new(45002, "content size out of limit");
pub const TITLE_SIZE: Refusal = Refusal::new(45003, "title size out of limit");
pub const DESCRIPTION_SIZE: Refusal = Refusal::new(45004, "description size out of limit");
pub const URL_SIZE: Refusal = Refusal::new(45005, "url size out of limit");
pub const ARTICLE_COUNT: Refusal = Refusal::new(45008, "article size out of limit");
pub const DAILY_QUOTA: Refusal = Refusal::new(45009, "reach max api daily quota limit");
pub const MINUTE_QUOTA: Refusal =
    Refusal::new(45011, "api minute-quota reach limit must slower retry next minute");
pub const AUTHOR_SIZE: Refusal = Refusal::new(45110, "author size out of limit");
pub const DATA_FORMAT: Refusal = Refusal::new(47001, "data format error");
pub const API_UNAUTHORIZED: Refusal = Refusal::new(48001, "api unauthorized");
/// What WeChat says of a draft that is being published already is not documented; this is its code for a draft that did
/// not pass the checks before publication.
pub const DRAFT_NOT_PASSED: Refusal = Refusal::new(53503, "draft does not pass the publish check");
pub const INVALID_ARTICLE_ID: Refusal = Refusal::new(53600, "invalid article_id");
