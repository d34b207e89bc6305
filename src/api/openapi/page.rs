//! `/api/docs`: a page that shows the document and tries requests. All of it is in the program, and it loads nothing else.

use crate::api::routes::Routes;
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

/// Its own script and style, requests to this server, and nothing else from anywhere.
const OWN_ONLY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html";
const STYLE: &str = "text/css";
const SCRIPT: &str = "text/javascript";

pub fn routes(routes: &mut Routes) {
    routes.open("/api/docs", html, "Read this document as a page").text(HTML);
    routes.open("/api/docs/page.css", style, "The style of that page").text(STYLE);
    routes.open("/api/docs/page.js", script, "The script of that page").text(SCRIPT);
}

async fn html() -> HttpResponse {
    shown(HTML, include_str!("page/page.html"))
}

async fn style() -> HttpResponse {
    shown(STYLE, include_str!("page/page.css"))
}

async fn script() -> HttpResponse {
    shown(SCRIPT, include_str!("page/page.js"))
}

fn shown(kind: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format!("{kind}; charset=utf-8")))
        .insert_header((CONTENT_SECURITY_POLICY, OWN_ONLY))
        .body(text)
}
