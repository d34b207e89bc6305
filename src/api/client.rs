//! Who asks, as far as the network knows.

use super::Api;
use actix_web::HttpRequest;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The address of the client: the other end of the connection, or where `behind_proxy` names a header, what the proxy
/// next to us wrote into it. No other header is read, and of that one only what is last: the rest is what others told
/// the proxy.
pub fn client_address(request: &HttpRequest, api: &Api) -> IpAddr {
    told_by(request, api.server.behind_proxy.as_deref())
}

fn told_by(request: &HttpRequest, behind_proxy: Option<&str>) -> IpAddr {
    // Without a peer there is no network: a test.
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    let told = behind_proxy.and_then(|header| {
        let last_line = request.headers().get_all(header).last()?;
        written_last(header, last_line.to_str().ok()?)
    });
    told.unwrap_or(peer).to_canonical()
}

fn written_last(header: &str, value: &str) -> Option<IpAddr> {
    if header != "forwarded" {
        return address(value.rsplit(',').next()?.trim());
    }
    let last = unquoted_parts(value, ',')?.pop()?;
    unquoted_parts(last, ';')?.into_iter().find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| address(value.trim_matches('"'))).flatten()
    })
}

/// The parts between separators that stand in no quotes (RFC 7239, section 4): what a client has named its host may hold
/// any sign. None where a quote is not ended.
fn unquoted_parts(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// An address, perhaps with a port, an IPv6 one perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_is_believed_but_the_one_that_is_named() {
        let request = || {
            let peer = SocketAddr::from(([10, 0, 0, 9], 4711));
            let request = actix_web::test::TestRequest::get().peer_addr(peer);
            request
                .insert_header(("x-forwarded-for", "1.1.1.1"))
                .append_header(("x-forwarded-for", "2.2.2.2, 203.0.113.7"))
                .insert_header(("x-real-ip", "nonsense"))
        };
        for (named, told) in [
            (None, "10.0.0.9"),
            (Some("x-forwarded-for"), "203.0.113.7"),
            (Some("forwarded"), "10.0.0.9"),
            (Some("x-real-ip"), "10.0.0.9"),
        ] {
            assert_eq!(told_by(&request().to_http_request(), named).to_string(), told, "{named:?}");
        }
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:1".parse().expect("an address");
        let mapped = actix_web::test::TestRequest::get().peer_addr(mapped).to_http_request();
        assert_eq!(told_by(&mapped, None).to_string(), "192.0.2.1");
    }

    #[test]
    fn what_the_nearest_proxy_wrote_is_believed() {
        for (header, value, told) in [
            ("x-forwarded-for", "203.0.113.7", Some("203.0.113.7")),
            ("x-forwarded-for", "10.0.0.1, 198.51.100.2", Some("198.51.100.2")),
            ("x-forwarded-for", "198.51.100.2:4711", Some("198.51.100.2")),
            ("x-real-ip", "2001:db8::1", Some("2001:db8::1")),
            ("x-real-ip", "[2001:db8::1]", Some("2001:db8::1")),
            ("x-real-ip", "[2001:db8::1]:80", Some("2001:db8::1")),
            ("forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43", Some("192.0.2.60")),
            ("forwarded", "for=1.1.1.1, For=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
            ("forwarded", "proto=https; for=\"192.0.2.43:47011\"", Some("192.0.2.43")),
            ("forwarded", "for=6.6.6.6;host=\"x,for=1.2.3.4\"", Some("6.6.6.6")),
            ("forwarded", "host=\"a\\\"b,for=9.9.9.9;for=8.8.8.8\";for=6.6.6.6", Some("6.6.6.6")),
            ("forwarded", "for=1.1.1.1, host=\"\\\\\", for=6.6.6.6", Some("6.6.6.6")),
            ("forwarded", "for=6.6.6.6;host=\"x,for=1.2.3.4", None),
            ("forwarded", "for=unknown", None),
            ("forwarded", "for=192.0.2.60, by=1.2.3.4", None),
            ("x-forwarded-for", "for=192.0.2.60", None),
            ("x-forwarded-for", "", None),
            ("x-forwarded-for", "1.2.3.4, unknown", None),
        ] {
            assert_eq!(written_last(header, value), told.and_then(|it| it.parse().ok()), "{header}: {value}");
        }
    }
}
