//! `/api/docs`: a page that anybody may read, of which nothing comes from elsewhere.

use crate::support::on_both;
use crate::support::product::*;

const PARTS: [(&str, &str); 3] = [
    ("/api/docs", "text/html; charset=utf-8"),
    ("/api/docs/page.css", "text/css; charset=utf-8"),
    ("/api/docs/page.js", "text/javascript; charset=utf-8"),
];
/// Nothing but its own script and style, and requests to its own server.
const OWN_ONLY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[test]
fn the_page_and_all_that_it_loads_come_from_the_program() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        for (path, kind) in PARTS {
            let answer = product.server.send("GET", path, &[("authorization", "")], b"");
            assert_eq!(answer.status, 200, "{path}");
            let header = |name: &str| answer.headers.get(name).map(String::as_str);
            assert_eq!(header("content-type"), Some(kind), "{path}");
            assert_eq!(header("content-security-policy"), Some(OWN_ONLY), "{path}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(header("referrer-policy"), Some("no-referrer"), "{path}");
            // An address elsewhere, whatever it would be for.
            for elsewhere in ["http:", "https:", "\"//", "'//", "@import", "url("] {
                assert!(!answer.text.contains(elsewhere), "{path} has {elsewhere}");
            }
        }
        let page = product.server.get("/api/docs").text;
        let named = |sign: &str| -> Vec<String> {
            let parts = page.split(sign).skip(1);
            parts.map(|part| part.split('"').next().unwrap_or_default().to_owned()).collect()
        };
        let loaded = [named(" src=\""), named(" href=\"")].concat();
        assert!(loaded.len() >= 3, "{loaded:?}");
        for path in loaded {
            product.server.get(&path).expect_status(200);
        }
        // What its rules would not let run.
        for inline in ["<style", " style=", " onclick=", "javascript:", "<script>"] {
            assert!(!page.contains(inline), "the page has {inline}");
        }
    });
}

/// The token is typed into the page, and nobody else is told it.
#[test]
fn the_page_keeps_nothing() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let script = product.server.get("/api/docs/page.js").expect_status(200).text;
        for keeper in ["localStorage", "sessionStorage", "indexedDB", "document.cookie", "innerHTML", "eval("]
        {
            assert!(!script.contains(keeper), "the script has {keeper}");
        }
        assert!(script.contains("credentials: \"omit\""));
    });
}
