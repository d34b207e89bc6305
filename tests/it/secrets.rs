//! No secret is in anything that the program writes. Every test looks for them in all that it sees of the program
//! (support/secrets.rs); here somebody goes everywhere with them, does what people do wrong, and then all is searched.

use crate::support::command::{Cli, Output, Response, Server};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::{Answer, Receiver};
use crate::support::secrets::{Tokens, WEBHOOK_SECRET, found_in, read_elsewhere};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contenthub::config::HiddenText;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::operations::account::UpdateAccount;
use contenthub::platforms::platform::{Credentials, Destination};
use contenthub::secrets::SecretKey;
use contenthub::{AccountId, App, CreateAccount, Settings};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Not the one of other tests, so that their search does not find it first.
const PLAIN: &str = "a secret of the tour";

fn secret() -> String {
    format!("whsec_{}", BASE64.encode(PLAIN))
}

/// Bytes as text, a letter a byte: so the library's search for text does for anything.
fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A secret in all the forms in which it might be written.
fn forms(secret: &[u8]) -> Vec<String> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{secret:?}");
    vec![
        letters(secret),
        BASE64.encode(secret).trim_end_matches('=').to_owned(),
        hex.to_uppercase(),
        hex,
        list.trim_matches(['[', ']']).to_owned(),
    ]
}

/// All that was written so far: whose words it is, and the words.
#[derive(Default)]
struct Written(Mutex<Vec<(String, String)>>);

impl Written {
    fn note(&self, what: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.0.lock().expect("no panic").push((what.into(), letters(bytes.as_ref())));
    }

    fn command(&self, output: Output) {
        self.note("stdout of a command", &output.stdout);
        self.note("stderr of a command", &output.stderr);
    }

    fn answer(&self, what: &str, answer: Response) {
        self.note(format!("headers of {what}"), format!("{:?}", answer.headers));
        self.note(format!("answer to {what}"), &answer.text);
    }

    /// Each file below `dir` that is not one of those in which a secret belongs.
    fn files(&self, dir: &Path) {
        for path in fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match path.is_dir() {
                true => self.files(&path),
                false if name.starts_with("secret.") => {}
                false => self.note(path.display().to_string(), read_elsewhere(&path).expect("a file")),
            }
        }
    }

    /// Each row of each table, as PostgreSQL shows it.
    fn rows(&self, url: &DatabaseUrl) {
        #[derive(QueryableByName)]
        struct Told {
            #[diesel(sql_type = Text)]
            told: String,
        }
        let DbConnection::Postgres(mut conn) = connect(url).expect("connected") else { return };
        let tables = "SELECT tablename::text AS told FROM pg_tables WHERE schemaname = 'public'";
        let tables: Vec<Told> = diesel::sql_query(tables).load(&mut conn).expect("tables");
        assert!(tables.len() > 10);
        for Told { told: table } in tables {
            let rows = format!("SELECT t::text AS told FROM \"{table}\" AS t");
            let rows: Vec<Told> = diesel::sql_query(rows).load(&mut conn).expect("rows");
            rows.into_iter().for_each(|row| self.note(format!("a row of {table}"), row.told));
        }
    }

    #[track_caller]
    fn holds_none_of(&self, secrets: &[(&str, Vec<u8>)]) {
        let written = self.0.lock().expect("no panic");
        assert!(written.len() > 60, "{} were looked at", written.len());
        for (name, secret) in secrets {
            let forms = forms(secret);
            for (what, text) in &*written {
                assert!(!forms.iter().any(|form| text.contains(form)), "{name} is in {what}");
            }
        }
    }
}

/// What people get wrong with a secret in their hands, over HTTP.
fn bad_requests(product: &Product, written: &Written) {
    let secret = secret();
    let account = |credentials: Value| {
        let settings = json!({"url": product.receiver.url("/x")});
        json!({"name": "bad", "platform": "webhook", "settings": settings, "credentials": credentials})
    };
    let without_prefix = secret.trim_start_matches("whsec_");
    for (what, body) in [
        ("the secret itself as credentials", account(json!(secret))),
        ("a list", account(json!([secret]))),
        ("the secret as a name", account(json!({ &*secret: "x" }))),
        ("another name", account(json!({"sekret": secret}))),
        ("no prefix", account(json!({"secret": without_prefix}))),
        ("within an object", account(json!({"secret": {"value": secret}}))),
        ("a letter that is none", account(json!({"secret": format!("{secret}!")}))),
        ("the whole request", json!(secret)),
        ("another platform", json!({"name": "bad", "platform": "folder", "credentials": {"secret": secret}})),
        ("a wrong field beside it", json!({"name": "bad", "credentials": {"secret": secret}, "nope": 1})),
        (
            "as a setting",
            json!({"name": "bad", "platform": "webhook", "settings": {"url": "http://x/", "secret": secret}}),
        ),
    ] {
        let mut change = body.clone();
        if let Some(fields) = change.as_object_mut() {
            fields.retain(|name, _| name != "name" && name != "platform");
        }
        let answer = product.server.post("/api/v1/accounts", &body);
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
        written.answer(what, answer);
        let answer = product.server.patch("/api/v1/accounts/1", &change);
        assert!(answer.status < 500, "{what}: {}", answer.status);
        written.answer(what, answer);
    }
    let cut = format!("{{\"name\": \"bad\", \"credentials\": {{\"secret\": \"{secret}\", ");
    let json = [("content-type", "application/json")];
    written.answer("JSON cut short", product.server.send("POST", "/api/v1/accounts", &json, cut.as_bytes()));
    for header in [format!("Bearer {secret}"), format!("Basic {secret}"), secret.clone()] {
        let answer = product.server.request("GET", "/api/v1/accounts", &[("authorization", &header)], None);
        written.answer("a token that is none", answer.expect_status(401));
    }
}

/// The same on the command line, where what is wrong is told to whoever typed it, and to no log.
fn bad_commands(cli: &Cli, written: &Written) {
    let secret = secret();
    let create =
        ["account", "create", "bad", "--platform", "webhook", "--setting", "url=http://127.0.0.1:9/"];
    for credential in [
        secret.clone(),
        format!("{secret}="),
        format!("sekret={secret}"),
        format!("secret={}", secret.trim_start_matches("whsec_")),
        format!("secret={secret}!"),
        "secret=@missing".to_owned(),
    ] {
        let told = cli.run(&[&create[..], &["--credential", &credential]].concat());
        written.command(told.expect_code(2));
    }
}

fn good_commands(cli: &Cli, written: &Written, receiver: &Receiver) {
    let url = format!("url={}", receiver.url("/cli"));
    let create = ["account", "create", "from stdin", "--platform", "webhook", "--setting", &url];
    let by_stdin = cli.clone().stdin(&format!("{}\n", secret()));
    written.command(by_stdin.run(&[&create[..], &["--credential", "secret=-"]].concat()).expect_code(0));
    let update = ["account", "update", "from stdin", "--credential", "secret=@secret.txt"];
    written.command(cli.run(&update).expect_code(0));
    for args in [
        &["account", "list"][..],
        &["account", "show", "signed"],
        &["account", "test", "signed"],
        &["publisher", "history"],
        &["publish-pool", "list"],
        &["publish-pool", "show", "1"],
        &["status"],
        &["config", "show"],
        &["token", "list"],
        &["scheduler", "list"],
        &["doctor", "--offline"],
        &["db", "check"],
        &["db", "backup"],
    ] {
        for format in ["table", "json", "csv"] {
            let output = cli.run(&[args, &["--output", format]].concat());
            assert!(output.code == Some(0), "{args:?}: {output:?}");
            written.command(output);
        }
    }
}

#[test]
fn nothing_that_the_program_writes_has_a_secret_in_it() {
    on_both(|url, dir| {
        let written = Written::default();
        fs::write(dir.join("secret.txt"), secret()).expect("written");
        // Libraries say all they can.
        let cli = Cli::on(dir, url).env("RUST_LOG", "trace");
        let mut server = Server::start(&cli, &[]);
        let token = cli.token("admin");
        server.use_token(&token);
        let product = Product { cli: cli.clone(), server, receiver: Receiver::start() };
        let signed = product.account_with("signed", json!({"credentials": {"secret": secret()}}));
        let refused = product.account_with("refused", json!({"credentials": {"secret": secret()}}));
        product.receiver.on_path("/refused", [Answer::status(401)]);
        let add =
            |account: i64| product.add(json!({"content_id": product.content("x"), "account_id": account}));
        product.entry_is(add(signed), "published");
        product.tried(add(refused));
        bad_requests(&product, &written);
        bad_commands(&cli, &written);
        good_commands(&cli, &written, &product.receiver);
        for path in
            ["/accounts", "/accounts/1", "/platforms", "/publisher/history", "/tokens", "/scheduler/status"]
        {
            written.answer(path, product.server.get(&format!("/api/v1{path}")).expect_status(200));
        }
        let change = json!({"credentials": {"secret": secret()}});
        written.answer("a change", product.server.patch("/api/v1/accounts/1", &change).expect_status(200));

        let old_key = fs::read_to_string(dir.join("data/secret.key")).expect("a key");
        written.command(cli.run(&["key", "rotate"]).expect_code(0));
        let new_key = fs::read_to_string(dir.join("data/secret.key")).expect("a key");
        let other = cli.clone().env("CONTENTHUB_SECRET_KEY", &"ef".repeat(32));
        written.command(other.run(&["account", "test", "signed"]));
        let cmdline =
            fs::read(format!("/proc/{}/cmdline", product.server.pid())).expect("of a process of ours");
        written.note("the server's arguments", cmdline);
        let posts = product.receiver.posts();
        assert!(posts.iter().any(|post| post.headers.contains_key("webhook-signature")));
        posts.iter().for_each(|post| written.note("a request", format!("{:?} {}", post.headers, post.body)));
        written.note("the server's stdout", product.server.stdout());
        let (status, stderr) = product.server.terminate(SOON);
        assert!(status.success() && stderr.contains("TRACE"), "libraries spoke");
        written.note("the server's stderr", stderr);
        written.files(dir);
        written.rows(url);

        let key_bytes = |text: &str| {
            let digits = text.trim();
            let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
            (0..digits.len()).step_by(2).map(byte).collect::<Vec<u8>>()
        };
        let secrets = [
            ("the webhook's secret", PLAIN.as_bytes().to_vec()),
            ("the old key", key_bytes(&old_key)),
            ("the new key", key_bytes(&new_key)),
            ("the token", token.into_bytes()),
        ];
        written.holds_none_of(&secrets);
        // They would be found: here is where they belong.
        for (file, secret) in
            [("secret.txt", PLAIN.as_bytes().to_vec()), ("data/secret.key", key_bytes(&new_key))]
        {
            let text = letters(&fs::read(dir.join(file)).expect("a file"));
            assert!(forms(&secret).iter().any(|form| text.contains(form)), "{file}");
        }
    });
}

/// A panic, and a log line, say values as `{:?}` says them.
#[test]
fn values_that_hold_a_secret_do_not_show_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = "ab".repeat(32);
    let credentials = Credentials([("secret".to_owned(), secret())].into());
    let settings = Settings::in_dir(dir.path()).expect("settings");
    let settings = Settings { secret_key: Some(HiddenText(key.clone())), ..settings };
    let create = CreateAccount { credentials: credentials.clone(), ..CreateAccount::new("a", "webhook") };
    let update = UpdateAccount { credentials: Some(credentials.clone()), ..UpdateAccount::new(AccountId(1)) };
    let destination = Destination {
        account_id: AccountId(1),
        account_name: "a".to_owned(),
        settings: json!({}),
        credentials: credentials.clone(),
    };
    let shown = format!(
        "{credentials:?} {create:?} {update:?} {destination:?} {settings:?} {:?}",
        SecretKey::parse(&key).expect("a key")
    );
    let app = App::open(settings).expect("opened");
    let shown = format!("{shown} {:?}", app.context());
    assert!(shown.contains("secret"), "the names may be shown: {shown}");
    for form in forms(PLAIN.as_bytes()).into_iter().chain([key]) {
        assert!(!shown.contains(&form), "{shown}");
    }
}

/// What every test looks for is found, and what only looks like it is not.
#[test]
fn the_search_of_all_tests_finds_secrets() {
    let token = "cht_0123456789abcdefghijABCDEFGHIJ";
    for text in [
        WEBHOOK_SECRET.to_owned(),
        format!("before {} after", secret()),
        format!("{{\"secret\":\"{}\"}}", WEBHOOK_SECRET.trim_start_matches("whsec_")),
        format!("authorization: Bearer {token}"),
    ] {
        assert!(found_in(&text, Tokens::Never).is_some(), "{text}");
    }
    assert_eq!(found_in(token, Tokens::Told), None);
    for text in
        ["must be whsec_ followed by base64", "secret=whsec_… signs each post", "cht_…", "whsec_ABC", ""]
    {
        assert_eq!(found_in(text, Tokens::Never), None, "{text}");
    }
}
