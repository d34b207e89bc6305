//! What browsers are told: which sites' scripts may ask, what an answer may do, and by which name the server is reached.

use crate::support::command::{Cli, Response, Server};
use crate::support::product::SOON;
use serde_json::json;

const ORIGIN: &str = "https://app.example";

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(String::as_str)
}

#[test]
fn no_sites_script_may_ask_unless_it_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let asked_beforehand =
        [("origin", ORIGIN), ("access-control-request-method", "POST"), ("authorization", "")];
    let none_of_it = |answer: &Response| {
        let cors: Vec<_> = answer.headers.keys().filter(|it| it.starts_with("access-control-")).collect();
        assert!(cors.is_empty(), "{cors:?}");
    };
    let server = Server::start_as_admin(&cli, &[]);
    none_of_it(&server.send("GET", "/api/v1/accounts", &[("origin", ORIGIN)], b"").expect_status(200));
    none_of_it(&server.send("OPTIONS", "/api/v1/accounts", &asked_beforehand, b"").expect_status(401));
    assert!(server.terminate(SOON).0.success());

    let named = cli.env("CONTENTHUB_CORS_ORIGINS", &format!("http://localhost:3000, {ORIGIN}"));
    let server = Server::start_as_admin(&named, &[]);
    let answer = server.send("OPTIONS", "/api/v1/accounts/1", &asked_beforehand, b"").expect_status(204);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    let methods = header(&answer, "access-control-allow-methods").unwrap_or_default();
    let headers = header(&answer, "access-control-allow-headers").unwrap_or_default();
    assert!(["GET", "POST", "PATCH", "DELETE"].iter().all(|it| methods.contains(it)), "{methods}");
    assert!(
        ["authorization", "content-type", "idempotency-key", "if-match"]
            .iter()
            .all(|it| headers.contains(it))
    );
    // A script can read what it gets, also why it got nothing.
    for (more, path, status) in [
        (&[][..], "/api/v1/accounts", 200),
        (&[("authorization", "Bearer cht_wrong")], "/api/v1/accounts", 401),
        (&[], "/api/v1/accounts/999", 404),
        (&[], "/api/v1/nothing", 404),
    ] {
        let answer =
            server.send("GET", path, &[&[("origin", ORIGIN)], more].concat(), b"").expect_status(status);
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(ORIGIN), "{path}");
        assert_eq!(header(&answer, "vary"), Some("Origin"), "{path}");
        let readable = header(&answer, "access-control-expose-headers").unwrap_or_default();
        assert!(readable.contains("retry-after") && readable.contains("etag"), "{readable}");
    }
    for other in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"] {
        let answer = server.send("GET", "/api/v1/accounts", &[("origin", other)], b"").expect_status(200);
        none_of_it(&answer);
        assert_eq!(header(&answer, "vary"), Some("Origin"), "a cache must not give it to others");
        let asks = [("origin", other), ("access-control-request-method", "POST")];
        none_of_it(&server.send("OPTIONS", "/api/v1/accounts", &asks, b"").expect_status(405));
    }
}

/// Whatever the answer is, and wherever it comes from.
#[test]
fn every_answer_says_what_browsers_may_not_do_with_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let mut server = Server::start_as_admin(&cli, &[]);
    let account = json!({"name": "site", "platform": "folder", "settings": {}});
    server.post("/api/v1/accounts", &account).expect_status(201);
    let viewer = cli.token("viewer");
    let bare = [("authorization", "")];
    let weak = [("authorization", &*format!("Bearer {viewer}"))];
    for (method, path, headers, status) in [
        ("GET", "/api/v1/accounts", &[][..], 200),
        ("GET", "/api/v1/accounts", &bare, 401),
        ("POST", "/api/v1/accounts", &weak, 403),
        ("GET", "/api/v1/accounts/999", &[], 404),
        ("GET", "/api/v1/nothing", &[], 404),
        ("GET", "/nothing", &[], 404),
        ("DELETE", "/api/v1/publish-pool/list", &[], 405),
        ("POST", "/api/v1/accounts", &[], 422),
        ("GET", "/healthz", &bare, 200),
        ("GET", "/readyz", &bare, 200),
        ("GET", "/demo/", &bare, 200),
        ("GET", "/demo/nothing", &bare, 404),
    ] {
        let answer = server.send(method, path, headers, b"").expect_status(status);
        let is = |name: &str, value: Option<&str>| {
            assert_eq!(header(&answer, name), value, "{method} {path}: {name}");
        };
        is("x-content-type-options", Some("nosniff"));
        is("referrer-policy", Some("no-referrer"));
        let shown = path == "/demo/";
        let policy = if shown { "sandbox" } else { "default-src 'none'; frame-ancestors 'none'" };
        is("content-security-policy", Some(policy));
        let cached = path.starts_with("/api/").then_some("no-store").or(shown.then_some("no-cache"));
        is("cache-control", cached);
        is("strict-transport-security", None);
        is("server", None);
    }
    server.use_token("");
    assert!(server.terminate(SOON).0.success());
    // A proxy that has TLS makes it HTTPS for the client.
    let proxied = cli
        .env("CONTENTHUB_BEHIND_PROXY", "X-Forwarded-For")
        .env("CONTENTHUB_PUBLIC_URL", "https://hub.example");
    let server = Server::start(&proxied, &[]);
    let answer = server.get("/healthz").expect_status(200);
    assert_eq!(header(&answer, "strict-transport-security"), Some("max-age=31536000"));
}

/// A page elsewhere, whose name was made to lead here, has that name as its host.
#[test]
fn only_the_public_name_is_answered_where_there_is_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env("CONTENTHUB_PUBLIC_URL", "http://hub.example:8080");
    let mut server = Server::start_as_admin(&cli, &[]);
    let ask = |server: &Server, host: &str, path: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            server.token()
        );
        let mut raw = crate::support::raw::Raw::connect(server.address());
        raw.say(request);
        let answer = raw.answer().expect("an answer").expect("an answer");
        (crate::support::raw::status(&answer), String::from_utf8_lossy(&answer.body).into_owned())
    };
    for host in ["hub.example:8080", "HUB.EXAMPLE:8080", "127.0.0.1:1", "localhost"] {
        assert_eq!(ask(&server, host, "/api/v1/accounts").0, 200, "{host}");
    }
    for host in ["evil.example", "hub.example", "hub.example:8081", "10.1.2.3", ""] {
        for path in ["/api/v1/accounts", "/demo/", "/nothing"] {
            let (status, body) = ask(&server, host, path);
            assert_eq!(status, 421, "{host}{path}: {body}");
            assert!(body.contains("\"wrong_host\"") && body.contains("http://hub.example:8080"), "{body}");
        }
        // Whoever watches it asks by its address.
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(ask(&server, host, path).0, 200, "{host}{path}");
        }
    }
    // The request's own line says which host is meant, whatever the head says.
    let asked_whole = ask(&server, "hub.example:8080", "http://evil.example/api/v1/accounts");
    assert_eq!(asked_whole.0, 421, "{}", asked_whole.1);
    assert_eq!(ask(&server, "evil.example", "http://hub.example:8080/api/v1/accounts").0, 200);
    server.use_token("wrong");
    assert_eq!(
        ask(&server, "evil.example", "/api/v1/accounts").0,
        421,
        "before anything is asked of the token"
    );
    let open = Server::start(&Cli::in_dir(&dir.path().join("data")), &[]);
    assert_eq!(ask(&open, "evil.example", "/healthz").0, 200, "where no name is set, none is wrong");
    assert_eq!(ask(&open, "evil.example", "/api/v1/accounts").0, 401);
}
