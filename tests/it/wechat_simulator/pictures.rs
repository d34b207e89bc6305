//! Pictures: which are taken for what, and that each is counted.

use super::{Desk, JPEG, PNG, is_refused, text};
use crate::support::wechat::APPID;
use crate::support::wechat::asking::{Body, call};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::pictures::{Purpose, sha256};

const GIF: &[u8] = b"GIF89a a picture";
const BMP: &[u8] = b"BM a picture";
const WEBP: &[u8] = b"RIFF\0\0\0\0WEBP a picture";

/// A file of so many bytes.
fn of_size(begin: &[u8], bytes: usize) -> Vec<u8> {
    let mut file = begin.to_vec();
    file.resize(bytes, b'x');
    file
}

#[test]
fn each_purpose_takes_its_own_formats() {
    let desk = Desk::open();
    let formats = [("jpeg", JPEG), ("png", PNG), ("gif", GIF), ("bmp", BMP), ("webp", WEBP)];
    for (purpose, taken, refusal) in [
        ("image", ["jpeg", "png", "gif", "bmp"].as_slice(), (40137, "invalid image format")),
        ("thumb", &["jpeg"], (40137, "invalid image format")),
        ("in article", &["jpeg", "png"], (40005, "invalid file type")),
    ] {
        for (name, bytes) in formats {
            let answer = desk.upload(purpose, bytes);
            if taken.contains(&name) {
                assert!(
                    answer["media_id"].is_string() || answer["url"].is_string(),
                    "{purpose} {name}: {answer}"
                );
            } else {
                is_refused(&answer, refusal.0, refusal.1);
            }
        }
    }
    assert_eq!(desk.wechat.uploads().len(), 7, "what is refused is not kept");
}

#[test]
fn each_purpose_has_its_size() {
    let desk = Desk::open();
    for (purpose, most, code, message) in [
        ("image", 10 * 1024 * 1024, 40009, "invalid image size"),
        ("thumb", 64 * 1024, 40012, "invalid thumb size"),
        ("in article", 1024 * 1024 - 1, 40009, "invalid image size"),
    ] {
        let answer = desk.upload(purpose, &of_size(JPEG, most));
        assert!(answer["media_id"].is_string() || answer["url"].is_string(), "{purpose}: {answer}");
        is_refused(&desk.upload(purpose, &of_size(JPEG, most + 1)), code, message);
        is_refused(&desk.upload(purpose, b""), 44001, "empty media data");
    }
}

#[test]
fn a_picture_has_what_its_purpose_needs() {
    let desk = Desk::open();
    let image = desk.upload("image", PNG);
    assert_eq!(text(&image, "media_id").len(), 64);
    assert!(text(&image, "url").starts_with("http://mmbiz.qpic.cn/mmbiz_png/"), "{image}");
    let thumb = desk.upload("thumb", JPEG);
    assert!(thumb["media_id"].is_string() && thumb["url"].is_null(), "{thumb}");
    let in_article = desk.upload("in article", JPEG);
    assert!(in_article["media_id"].is_null() && in_article["url"].is_string(), "{in_article}");
    is_refused(&desk.upload("voice", JPEG), 40004, "invalid media type");
    let uploads = desk.wechat.uploads();
    let purposes: Vec<Purpose> = uploads.iter().map(|upload| upload.purpose).collect();
    assert_eq!(purposes, [Purpose::Image, Purpose::Thumb, Purpose::InArticle]);
    assert_eq!(uploads[0].media_id.as_deref(), image["media_id"].as_str());
    assert_eq!((uploads[0].bytes, &*uploads[0].appid), (PNG.len(), APPID));
}

#[test]
fn uploads_are_counted_by_what_was_in_them() {
    let desk = Desk::open();
    let large = of_size(PNG, 100_000);
    for (purpose, bytes) in [("image", JPEG), ("thumb", JPEG), ("image", &large)] {
        desk.upload(purpose, bytes);
    }
    let counted: Vec<(String, usize)> = desk.wechat.uploads_by_sha256(APPID).into_iter().collect();
    let mut expected = [(sha256(JPEG), 2), (sha256(&large), 1)];
    expected.sort();
    assert_eq!(counted, expected);
    // `printf a | sha256sum`
    assert_eq!(sha256(b"a"), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
}

#[test]
fn a_file_has_to_be_in_the_field_media_and_to_have_a_name() {
    let desk = Desk::open();
    let upload = |body: Body<'_>| {
        let query = format!("access_token={}", desk.token);
        call(&desk.wechat.url(), Interface::UploadImg, &query, body).expect("an answer")
    };
    let missing = |body: Body<'_>| is_refused(&upload(body), 41005, "media data missing");
    missing(Body::File { field: "file", name: Some("a.jpg"), bytes: JPEG });
    missing(Body::File { field: "media", name: None, bytes: JPEG });
    missing(Body::Raw("no form"));
    missing(Body::None);
    let right = upload(Body::File { field: "media", name: Some("a.jpg"), bytes: JPEG });
    assert!(right["url"].is_string(), "{right}");
}

#[test]
fn a_file_may_look_like_the_form_around_it() {
    let desk = Desk::open();
    let tricky = [JPEG, b"\r\n--a-boundary-of-these-test\r\n\r\n--\r\n\r\r\n\n-"].concat();
    desk.upload("image", &tricky);
    assert_eq!(desk.wechat.uploads_by_sha256(APPID).keys().collect::<Vec<_>>(), [&sha256(&tricky)]);
}
