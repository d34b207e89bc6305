//! What is done with every request before anything else, and with every answer after: the head's limits, the host, and
//! the headers that browsers heed.

use super::problem::Problem;
use super::{Api, cors};
use crate::config::ServerSettings;
use crate::listening::Marks;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use std::rc::Rc;
use url::{Host, Url};

/// For whoever opens an answer in a browser: nothing in it is run, loaded or shown inside another page.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'";
/// A year.
const ONLY_HTTPS: &str = "max-age=31536000";

/// Around everything else.
pub async fn guard(
    api: web::Data<Api>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _busy = request.conn_data::<Rc<Marks>>().map(|marks| marks.begin(reads_chunks(&request)));
    let settings = &api.server;
    let is_api = request.path().starts_with("/api/");
    let origin = cors::allowed(&request, &settings.cors_origins);
    let finish = |headers: &mut HeaderMap| {
        cors::allow(headers, &settings.cors_origins, origin.as_ref());
        protect(headers, settings, is_api);
    };
    let answered = match head(&request, settings).and_then(|()| host(&request, settings)) {
        Err(problem) => Ok(request.into_response(problem.error_response())),
        Ok(()) => match origin.as_ref().and_then(|_| cors::asked_beforehand(&request)) {
            Some(answer) => Ok(request.into_response(answer)),
            None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        },
    };
    match answered {
        Ok(mut answer) => {
            finish(answer.headers_mut());
            Ok(answer)
        }
        // An answer all the same, which is made of the error only after this.
        Err(error) => {
            let mut answer = error.as_response_error().error_response();
            finish(answer.headers_mut());
            Err(InternalError::from_response(error, answer).into())
        }
    }
}

/// Whether it is done with a body that comes in chunks; the routes of other methods read none.
fn reads_chunks(request: &ServiceRequest) -> bool {
    let has_body = [Method::POST, Method::PATCH, Method::PUT].contains(request.method());
    has_body && request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// What actix reads at most (128 KiB, 96 fields) is more than anybody needs.
fn head(request: &ServiceRequest, settings: &ServerSettings) -> Result<(), Problem> {
    let limits = &settings.limits;
    let fields = request.headers().iter().count();
    let line = request.head().uri.to_string().len();
    // As they stand on the wire: “name: value” and the end of the line.
    let bytes: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let too_large = |detail: String| {
        Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", detail))
    };
    if fields > limits.head_fields {
        return too_large(format!("the head has {fields} fields; it may have {}", limits.head_fields));
    }
    if line + bytes > limits.head_bytes {
        return too_large(format!("the head has {} bytes; it may have {}", line + bytes, limits.head_bytes));
    }
    Ok(())
}

/// A page whose name was made to lead here has that name as its host. Whoever watches the server asks by its address, and
/// learns nothing else without a token, which no page elsewhere has.
fn host(request: &ServiceRequest, settings: &ServerSettings) -> Result<(), Problem> {
    let Some(public) = &settings.public_url else { return Ok(()) };
    if matches!(request.path(), "/healthz" | "/readyz" | "/metrics") {
        return Ok(());
    }
    // Of two, that in the request's own line is the one that is meant (RFC 9112, section 3.2.2).
    let of_head = || request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let given = request.uri().authority().map(|it| it.as_str()).or_else(of_head).unwrap_or_default();
    if is_ours(given, public) {
        return Ok(());
    }
    let detail = format!("this server is reached at {}, not by the host “{}”", bare(public), shown(given));
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", detail)
        .hint("Use the public address; where it is wrong, the server's public_url says another."))
}

/// The public host and port, or this machine by a name that nobody else can give to a page.
fn is_ours(given: &str, public: &Url) -> bool {
    let Ok(asked) = Url::parse(&format!("{}://{given}/", public.scheme())) else { return false };
    if !asked.username().is_empty() || asked.password().is_some() || asked.path() != "/" {
        return false;
    }
    let same_host = asked.host_str().map(|host| host.trim_end_matches('.')) == public.host_str();
    if same_host && asked.port_or_known_default() == public.port_or_known_default() {
        return true;
    }
    match asked.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn bare(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Not more of what was given than anybody needs to see his mistake.
fn shown(given: &str) -> String {
    given.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// What the answer says already stays: the demo's pages have rules of their own.
fn protect(headers: &mut HeaderMap, settings: &ServerSettings, is_api: bool) {
    let mut unless_said = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    unless_said(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_said(header::REFERRER_POLICY, "no-referrer");
    unless_said(header::CONTENT_SECURITY_POLICY, NOTHING_RUNS);
    if is_api {
        unless_said(header::CACHE_CONTROL, "no-store");
    }
    let public = settings.public_url.as_ref();
    let through_a_proxy =
        settings.behind_proxy.is_some() && public.is_some_and(|url| url.scheme() == "https");
    if settings.tls.is_some() || through_a_proxy {
        unless_said(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_host_is_told_from_others() {
        for (public, given, fits) in [
            ("https://hub.example", "hub.example", true),
            ("https://hub.example", "HUB.example:443", true),
            ("https://hub.example", "hub.example.", true),
            ("https://hub.example", "hub.example:8443", false),
            ("https://hub.example:8443", "hub.example:8443", true),
            ("http://hub.example", "hub.example:80", true),
            ("https://hub.example", "evil.example", false),
            ("https://hub.example", "hub.example.evil.example", false),
            ("https://hub.example", "hub.example@evil.example", false),
            ("https://hub.example", "evil.example/hub.example", false),
            ("https://hub.example", "", false),
            ("https://hub.example", "127.0.0.1:8080", true),
            ("https://hub.example", "localhost", true),
            ("https://hub.example", "[::1]:8080", true),
            ("https://hub.example", "localhost.evil.example", false),
            ("https://hub.example", "10.0.0.1", false),
            ("https://10.0.0.1:8080", "10.0.0.1:8080", true),
        ] {
            let public = Url::parse(public).expect("an address");
            assert_eq!(is_ours(given, &public), fits, "{given} at {public}");
        }
    }
}
