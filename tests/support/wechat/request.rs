//! A request as WeChat reads it.

use super::form::{self, File};
use super::interface::{Interface, Method};
use super::refusal::{
    DATA_FORMAT, EMPTY_POST_DATA, INVALID_URL, MEDIA_DATA_MISSING, REQUIRE_GET, REQUIRE_POST, Refusal,
};
use crate::support::http_message::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use url::Url;

#[derive(Debug, Clone)]
pub struct Request {
    pub interface: Interface,
    pub query: BTreeMap<String, String>,
    pub peer: IpAddr,
    body: Body,
}

/// It is read before anybody waits for the world: pictures are large. What is wrong with it is told in its turn.
#[derive(Debug, Clone)]
enum Body {
    Json(Result<Value, Refusal>),
    /// The file of the form's field `media`.
    Media(Result<File, Refusal>),
}

impl Request {
    /// # Errors
    /// `invalid url` where no interface is, and `require … method` where it is asked in the wrong way.
    pub fn read(message: Message, peer: IpAddr) -> Result<Self, Refusal> {
        let mut words = message.start.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let url = Url::parse(&format!("http://wechat{target}")).map_err(|_| INVALID_URL)?;
        let interface = Interface::at(url.path()).ok_or(INVALID_URL)?;
        match (interface.method(), method) {
            (Method::Get, "GET") | (Method::Post, "POST") => {}
            (Method::Get, _) => return Err(REQUIRE_GET),
            (Method::Post, _) => return Err(REQUIRE_POST),
        }
        let body = match interface {
            Interface::AddMaterial | Interface::UploadImg => {
                let content_type =
                    message.headers.get("content-type").map(String::as_str).unwrap_or_default();
                Body::Media(form::file(content_type, &message.body, "media"))
            }
            _ => Body::Json(json(&message.body)),
        };
        let query = url.query_pairs().into_owned().collect();
        Ok(Request { interface, query, peer, body })
    }

    pub fn access_token(&self) -> Option<&str> {
        self.query.get("access_token").map(String::as_str).filter(|token| !token.is_empty())
    }

    /// # Errors
    /// `empty post data`, and `data format error` where it is no object.
    pub fn json(&self) -> Result<&Value, Refusal> {
        match &self.body {
            Body::Json(read) => read.as_ref().map_err(Refusal::clone),
            Body::Media(_) => Err(DATA_FORMAT),
        }
    }

    /// # Errors
    /// `media data missing` where there is no file, or it has no name.
    pub fn media(&self) -> Result<&File, Refusal> {
        match &self.body {
            Body::Media(read) => read.as_ref().map_err(Refusal::clone),
            Body::Json(_) => Err(MEDIA_DATA_MISSING),
        }
    }
}

/// A body as JSON, whatever its type is said to be: clients leave that out.
fn json(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Err(EMPTY_POST_DATA);
    }
    let text = std::str::from_utf8(body).map_err(|_| DATA_FORMAT)?;
    let value: Value = serde_json::from_str(&escapes_as_text(text)).map_err(|_| DATA_FORMAT)?;
    if value.is_object() { Ok(value) } else { Err(DATA_FORMAT) }
}

/// WeChat does not undo `\uXXXX`: readers see these six characters, and they count as six. Its documents ask for raw UTF-8.
fn escapes_as_text(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        text.push(c);
        if c != '\\' {
            continue;
        }
        match chars.next() {
            Some('u') => text.push_str("\\u"),
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}
