//! Pictures drawn for tests, and how they are uploaded.

use super::command::{Response, Server};
use image::{DynamicImage, ImageFormat};
use std::io::Cursor;

/// A picture of this size: another size is another file.
pub fn drawn(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).expect("drawn");
    bytes.into_inner()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    drawn(ImageFormat::Png, width, height)
}

const BOUNDARY: &str = "a-boundary-of-tests";

/// What tells a form, and its body with a file in this field.
pub fn form(field: &str, name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// Uploads it, with these headers besides.
pub fn upload(server: &Server, name: &str, bytes: &[u8], headers: &[(&str, &str)]) -> Response {
    let (kind, body) = form("file", name, bytes);
    let headers = [headers, &[("content-type", kind.as_str())]].concat();
    server.send("POST", "/api/v1/media", &headers, &body)
}
