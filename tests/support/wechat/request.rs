//! A request as WeChat reads it.

use super::form::{self, File};
use super::interface::{Interface, Method};
use super::refusal::{DATA_FORMAT, EMPTY_POST_DATA, INVALID_URL, REQUIRE_GET, REQUIRE_POST, Refusal};
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
    content_type: String,
    body: Vec<u8>,
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
        let content_type = message.headers.get("content-type").cloned().unwrap_or_default();
        let query = url.query_pairs().into_owned().collect();
        Ok(Request { interface, query, peer, content_type, body: message.body })
    }

    pub fn access_token(&self) -> Option<&str> {
        self.query.get("access_token").map(String::as_str).filter(|token| !token.is_empty())
    }

    /// The body as JSON, whatever its type is said to be: clients leave that out.
    ///
    /// # Errors
    /// `empty post data`, and `data format error` where it is no object.
    pub fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Err(EMPTY_POST_DATA);
        }
        let text = std::str::from_utf8(&self.body).map_err(|_| DATA_FORMAT)?;
        let value: Value = serde_json::from_str(&escapes_as_text(text)).map_err(|_| DATA_FORMAT)?;
        if value.is_object() { Ok(value) } else { Err(DATA_FORMAT) }
    }

    /// The file of the form's field `media`.
    ///
    /// # Errors
    /// `media data missing` where there is none, or it has no name.
    pub fn media(&self) -> Result<File, Refusal> {
        form::file(&self.content_type, &self.body, "media")
    }
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
