//! The answers that are given without a request: to whoever is too slow to make one, makes one that cannot be read, or has
//! no place. As all errors, they are problems (RFC 9457).

use serde_json::json;

/// To one who has begun with a request and does not come to its end.
pub fn slow_request(over_tls: bool) -> String {
    let detail = "the head of the request did not come in time";
    problem(408, "Request Timeout", "slow_request", detail, only_https(over_tls))
}

/// To one whose body comes in chunks that cannot be read: actix ends the connection then, and asks nobody for an answer.
pub fn broken_chunks(over_tls: bool) -> String {
    let detail = "the body ended too soon, or its encoding is broken";
    problem(400, "Bad Request", "bad_body", detail, only_https(over_tls))
}

pub fn too_many_connections() -> String {
    let detail = "there are too many connections at the moment";
    problem(503, "Service Unavailable", "too_many_connections", detail, "retry-after: 1\r\n")
}

/// What is said instead of actix's own answer to a head that it cannot read, which has no body; none where `answer` is
/// another, such as an interim one.
pub fn instead_of(answer: &[u8], over_tls: bool) -> Option<String> {
    if answer.starts_with(b"HTTP/1.1 400 ") {
        let detail = "the head of the request is not HTTP/1.1";
        return Some(problem(400, "Bad Request", "bad_request", detail, only_https(over_tls)));
    }
    if answer.starts_with(b"HTTP/1.1 431 ") {
        let detail = "the head of the request has more bytes or fields than are read";
        return Some(problem(
            431,
            "Request Header Fields Too Large",
            "head_too_large",
            detail,
            only_https(over_tls),
        ));
    }
    None
}

/// As the edge says it of the answers to requests.
fn only_https(over_tls: bool) -> &'static str {
    if over_tls { "strict-transport-security: max-age=31536000\r\n" } else { "" }
}

fn problem(status: u16, title: &str, code: &str, detail: &str, more: &str) -> String {
    let body =
        json!({"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail})
            .to_string();
    format!(
        "HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nconnection: close\r\n\
         {more}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_codes;

    #[test]
    fn they_have_the_status_of_their_code() {
        let instead = |answer: &str| instead_of(answer.as_bytes(), true).expect("another answer");
        let unread = [instead("HTTP/1.1 400 Bad Request\r\n"), instead("HTTP/1.1 431 Too Large\r\n")];
        let others = [slow_request(true), broken_chunks(true), too_many_connections()];
        for answer in unread.into_iter().chain(others) {
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            let code = error_codes::find(body["code"].as_str().expect("a code")).expect("a known one");
            assert_eq!(body["status"], code.status[0]);
            assert!(head.starts_with(&format!("HTTP/1.1 {} ", code.status[0])), "{head}");
            let says_so = head.contains("\r\nstrict-transport-security: max-age=");
            assert_eq!(says_so, code.code != "too_many_connections", "over TLS: {head}");
        }
        assert_eq!(instead_of(b"HTTP/1.1 100 Continue\r\n\r\n", false), None);
    }
}
