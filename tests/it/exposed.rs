//! A server that others than this machine may reach: what it warns of, and TLS.

use crate::support::app::eventually;
use crate::support::command::{Cli, Server};
use crate::support::product::SOON;
use crate::support::raw::Raw;
use crate::support::tls_client::TlsClient;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls").join(name)
}

/// A pair of files that a server may be given, and that a test may replace.
struct Pair {
    cert: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn of(dir: &Path, prefix: &str) -> Self {
        let pair = Pair { cert: dir.join("cert.pem"), key: dir.join("key.pem") };
        pair.becomes(prefix);
        pair
    }

    fn becomes(&self, prefix: &str) {
        std::fs::copy(fixture(&format!("{prefix}cert.pem")), &self.cert).expect("copied");
        std::fs::copy(fixture(&format!("{prefix}key.pem")), &self.key).expect("copied");
    }

    fn args(&self) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        vec!["--tls-cert".to_owned(), path(&self.cert), "--tls-key".to_owned(), path(&self.key)]
    }
}

/// Starts a server, waits until it says where it is, stops it, and gives what it said on stderr.
fn said_by(cli: &Cli, args: &[&str]) -> String {
    let mut server = cli.spawn(&[&["serve"], args].concat());
    let said = server.stdout.wait_until(SOON, |text| text.contains("://").then_some(()));
    assert!(said.is_some(), "{args:?}: {}", server.stderr.text());
    server.signal("TERM");
    assert!(server.wait(SOON).is_some_and(|status| status.success()), "{args:?}");
    server.stderr.text()
}

#[test]
fn who_listens_to_the_world_without_encryption_is_warned_once_and_nobody_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let pair = Pair::of(dir.path(), "");
    let with_tls = pair.args();
    let with_tls: Vec<&str> = with_tls.iter().map(String::as_str).collect();
    let cli = Cli::in_dir(dir.path());
    let warnings = |said: &str| said.matches("WITHOUT ENCRYPTION").count();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let said = said_by(&cli, &["--listen", address]);
        assert_eq!(warnings(&said), 1, "{address}: {said}");
        assert!(said.contains("--tls-cert") && said.contains("--behind-proxy"), "{said}");
    }
    // Also where the log is told to be silent.
    let quiet = cli.clone().env("RUST_LOG", "off");
    assert_eq!(warnings(&said_by(&quiet, &["--listen", "0.0.0.0:0"])), 1);
    for args in [
        &["--listen", "127.0.0.1:0"][..],
        &["--listen", "[::1]:0"],
        &["--listen", "0.0.0.0:0", "--behind-proxy", "X-Forwarded-For"],
        &[&["--listen", "0.0.0.0:0"], &with_tls[..]].concat(),
    ] {
        assert_eq!(warnings(&said_by(&cli, args)), 0, "{args:?}");
    }
}

#[test]
fn https_is_served_and_the_certificate_replaced_while_connections_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let pair = Pair::of(dir.path(), "");
    let args = pair.args();
    let server =
        Server::start(&Cli::in_dir(dir.path()), &args.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(server.stdout().contains("listens on https://"), "{}", server.stdout());
    let connect = |cert: &str| TlsClient::connect(server.address(), &fixture(cert));
    let asked = |client: &mut TlsClient| {
        let answer = client.get("/healthz").expect("an answer");
        assert_eq!(answer.start, "HTTP/1.1 200 OK");
        answer
    };
    let mut first = connect("cert.pem").expect("the certificate that it was given");
    let answer = asked(&mut first);
    let only_https = answer.headers.get("strict-transport-security").map(String::as_str);
    assert_eq!(only_https, Some("max-age=31536000"));
    // Also to what is no request.
    let unread = connect("cert.pem").expect("trusted").get("/ of\x01nothing").expect("an answer");
    assert_eq!(unread.start, "HTTP/1.1 400 Bad Request");
    assert_eq!(
        unread.headers.get("strict-transport-security"),
        answer.headers.get("strict-transport-security")
    );
    assert!(connect("other-cert.pem").is_err(), "a client that trusts another one");
    // Whoever speaks plain HTTP to it gets no page.
    let mut plain = Raw::connect(server.address());
    plain.say("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(!String::from_utf8_lossy(&plain.rest()).contains("HTTP/1.1"));

    pair.becomes("other-");
    server.signal("HUP");
    eventually("new connections get the new certificate", || connect("other-cert.pem").ok());
    asked(&mut first);

    // A pair that does not fit changes nothing, and the log names the file.
    std::fs::copy(fixture("key.pem"), &pair.key).expect("copied");
    server.signal("HUP");
    eventually("the log says so", || server.stderr().contains("stays as it was").then_some(()));
    assert!(server.stderr().contains(&pair.key.display().to_string()), "{}", server.stderr());
    asked(&mut connect("other-cert.pem").expect("as before"));
    asked(&mut first);
    let (status, stderr) = server.terminate(SOON);
    assert!(status.success(), "{stderr}");
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
        dir.path().join(name)
    };
    let (cert, key, other_key) = (fixture("cert.pem"), fixture("key.pem"), fixture("other-key.pem"));
    let nowhere = dir.path().join("nowhere.pem");
    let empty = file("empty.pem", "");
    let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    let junk = file("junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (cert, key, named, says) in [
        (&nowhere, &key, &nowhere, "tls_cert ("),
        (&cert, &nowhere, &nowhere, "tls_key ("),
        (&empty, &key, &empty, "-----BEGIN CERTIFICATE-----"),
        (&cert, &empty, &empty, "-----BEGIN PRIVATE KEY-----"),
        (&cert, &cert, &cert, "tls_key ("),
        (&broken, &key, &broken, "is not PEM"),
        (&junk, &key, &junk, "tls_cert ("),
        (&cert, &other_key, &other_key, "is not the key of the certificate"),
    ] {
        let (cert, key) = (cert.display().to_string(), key.display().to_string());
        let told = cli.run(&["serve", "--tls-cert", &cert, "--tls-key", &key, "--listen", "127.0.0.1:0"]);
        let told = told.expect_code(2);
        let named = named.display().to_string();
        assert!(told.stderr.contains(&named) && told.stderr.contains(says), "{cert} {key}: {}", told.stderr);
        assert!(!dir.path().join("data").exists(), "{cert} {key}: something was made");
    }
    let alone = cli.run(&["serve", "--tls-cert", &cert.display().to_string()]).expect_code(2);
    assert!(alone.stderr.contains("tls_key"), "{}", alone.stderr);
}
