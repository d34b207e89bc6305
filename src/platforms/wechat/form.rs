//! A form with a picture in its field `media`, as WeChat takes uploads.

use crate::domain::media::MediaKind;
use crate::platforms::pictures::PictureFile;
use crate::secrets::sha256_hex;
use actix_web::web::Bytes;

/// A form, as it is sent.
pub(super) struct Form {
    pub content_type: String,
    pub bytes: Bytes,
}

impl Form {
    /// With one file. Its boundary is a hash of the file, which does not hold its own hash. It is made around the file, which
    /// may be large and is not there twice.
    pub fn of(picture: PictureFile) -> Self {
        let boundary = format!("contenthub-{}", &sha256_hex(&picture.bytes)[..32]);
        let kind = picture.kind.mime();
        let name = file_name(picture.kind);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let mut bytes = picture.bytes;
        bytes.reserve_exact(head.len() + end.len());
        bytes.splice(..0, head.into_bytes());
        bytes.extend_from_slice(end.as_bytes());
        Form { content_type: format!("multipart/form-data; boundary={boundary}"), bytes: bytes.into() }
    }
}

/// WeChat tells kinds by the ends of names.
fn file_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Png => "picture.png",
        MediaKind::Jpeg => "picture.jpg",
        MediaKind::Gif => "picture.gif",
        MediaKind::Webp => "picture.webp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_the_file_as_it_is() {
        let bytes = b"\xff\xd8\xff\r\n--contenthub-".to_vec();
        let picture = PictureFile { kind: MediaKind::Jpeg, bytes: bytes.clone() };
        let Form { content_type, bytes: form } = Form::of(picture);
        let boundary = content_type.split_once("boundary=").expect("a boundary").1;
        let begin = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"picture.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        assert_eq!(form, [begin.as_bytes(), &bytes, end.as_bytes()].concat());
    }
}
