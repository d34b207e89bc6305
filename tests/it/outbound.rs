//! Where requests may go, through the whole program: what is refused is refused before anything leaves, and whoever
//! follows the refusal's words has it published.

use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::path::Path;

/// The line of contenthub.toml that a refusal tells.
fn line_in(told: &str) -> String {
    let from = told.find("outbound_allow = [").unwrap_or_else(|| panic!("no line in: {told}"));
    let length = told[from..].find(']').expect("the end of the list");
    told[from..=from + length].to_owned()
}

fn restarted_with(line: &str, product: Product, dir: &Path) -> Product {
    std::fs::write(dir.join("contenthub.toml"), line).expect("written");
    let Product { cli, server, receiver } = product;
    let (status, _) = server.terminate(SOON);
    assert!(status.success());
    Product { receiver, ..Product::start_with(cli) }
}

#[test]
fn what_is_refused_waits_and_goes_out_when_the_line_it_tells_is_written() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let receiver = Receiver::start();
        // By name, which nobody looks up when the account is made; this machine may be called by default.
        let address = receiver.url("/inner").replace("127.0.0.1", "localhost");
        let setting = format!("url={address}");
        cli.ok(&["account", "create", "inner", "--platform", "webhook", "--setting", &setting]);
        std::fs::write(dir.join("contenthub.toml"), "outbound_allow = [\"10.0.0.0/8\"]\n").expect("written");
        let product = Product { receiver, ..Product::start_with(cli) };
        let add = |product: &Product, title: &str| {
            product.add(json!({"content_id": product.content(title), "account_id": 1}))
        };

        let entry = add(&product, "refused");
        let waits = product.tried(entry);
        let told = waits["waiting_for"].as_str().expect("words").to_owned();
        assert_eq!((&waits["status"], &waits["retry_count"]), (&json!("pending"), &json!(0)), "{waits:#}");
        assert_eq!(waits["unproven"], false, "nothing left: {waits:#}");
        let right = "outbound_allow = [\"10.0.0.0/8\", \"localhost\"]";
        assert_eq!(line_in(&told), right);
        let account = product.get("/accounts/1");
        let reason = account["suspended_reason"].as_str().expect("a reason");
        assert!(
            reason.starts_with("localhost is at ") && reason.contains("then resume the account"),
            "{reason}"
        );
        let log = product.get(&format!("/publisher/history?pool_id={entry}"));
        assert_eq!((&log["total"], &log["items"][0]["error_code"]), (&json!(1), &json!("address_refused")));
        let tested = product.cli.run(&["account", "test", "inner"]).expect_code(1);
        assert!(tested.stderr.contains(right), "{}", tested.stderr);
        assert!(product.receiver.posts().is_empty(), "nothing was sent");

        let product = restarted_with(&format!("{right}\n"), product, dir);
        product.cli.ok(&["account", "test", "inner"]);
        assert_eq!(product.entry(entry)["status"], "pending", "until somebody resumes the account");
        product.post("/accounts/1/resume", &json!({}), 200);
        product.entry_is(entry, "published");
        let posts = product.receiver.posts();
        assert_eq!(posts.iter().filter(|post| post.method == "POST").count(), 1);
    });
}

#[test]
fn an_address_is_refused_when_it_is_given() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env("CONTENTHUB_OUTBOUND_ALLOW", "");
    let server = Server::start_as_admin(&cli, &[]);
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[fd00:ec2::254]",
    ] {
        let url = format!("http://{host}:9000/hook");
        let body = json!({"name": "hook", "platform": "webhook", "settings": {"url": url}});
        let told = server.post("/api/v1/accounts", &body).expect_status(422).body;
        let error = &told["errors"][0];
        assert_eq!(error["field"], "settings.url", "{host}: {told:#}");
        let line = line_in(error["message"].as_str().expect("words"));
        let setting = format!("url={url}");
        let create = ["account", "create", "hook", "--platform", "webhook", "--setting", &setting];
        let told = cli.run(&create).expect_code(2);
        assert!(told.stderr.contains(&line), "{host}: {}", told.stderr);
        // The line is what it says it is.
        let list: toml::Table = line.parse().expect("a line of toml");
        let items = list["outbound_allow"].as_array().expect("a list").iter().filter_map(|it| it.as_str());
        let items = items.collect::<Vec<_>>().join(",");
        let checked = cli.clone().env("CONTENTHUB_OUTBOUND_ALLOW", &items);
        let name = format!("at {host}");
        checked.ok(&["account", "create", &name, "--platform", "webhook", "--setting", &setting]);
    }
    // Whoever has an account from before is told when it is changed, or tested.
    let update = json!({"settings": {"url": "http://10.0.0.2/"}});
    server.patch("/api/v1/accounts/1", &update).expect_status(422);
    let tested: Value = server.post("/api/v1/accounts/1/test", &json!({})).body;
    assert!(tested.to_string().contains("outbound_allow"), "{tested:#}");
}

/// On a port that strangers reach, this machine's own services are none of theirs.
#[test]
fn a_server_for_everybody_sends_nothing_to_its_own_machine() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let shown = |listen: &str| {
        let settings = cli.json(&["config", "show", "--listen", listen]);
        let all = settings.as_array().expect("a list").clone();
        all.into_iter().find(|it| it["key"] == "outbound_allow").expect("the setting")["value"].clone()
    };
    assert_eq!(shown("127.0.0.1:0"), "127.0.0.0/8, ::1");
    assert_eq!(shown("0.0.0.0:0"), "");
    let create = [
        "account",
        "create",
        "hook",
        "--platform",
        "webhook",
        "--setting",
        "url=http://127.0.0.1:9/",
        "--listen",
    ];
    let told = cli.run(&[&create[..], &["0.0.0.0:0"]].concat()).expect_code(2);
    assert!(told.stderr.contains("outbound_allow = [\"127.0.0.1\"]"), "{}", told.stderr);
    cli.ok(&[&create[..], &["127.0.0.1:0"]].concat());
}
