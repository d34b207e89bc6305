//! Settings that cannot be used are told with their place, wherever that is, and nothing is started. Those that can be
//! used are shown with where each is from.

use super::refused;
use crate::support::command::Cli;
use serde_json::json;

/// What is wrong with the settings is told with where it stands, before anything is started or made.
#[test]
fn broken_settings_start_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("contenthub.toml");
    let cli = Cli::in_dir(dir.path());
    let untouched = || !dir.path().join("data").exists();
    for (text, place, says) in [
        ("listen = ", "contenthub.toml line 1", "listen"),
        ("timezone = \"UTC\"\nconcurency = 3\n", "contenthub.toml line 2", "concurency: is not known here"),
        ("# mine\n\nlease_seconds = 1\n", "contenthub.toml line 3", "lease_seconds"),
        (
            "lease_seconds = \"long\"",
            "contenthub.toml line 1",
            "lease_seconds: must be a whole number, not “long”",
        ),
        ("concurrency = 1025", "contenthub.toml line 1", "from 1 to 1024, not 1025"),
        ("timezone = \"Mars\"", "contenthub.toml line 1", "“Mars” is no time zone"),
        ("listen = \"here\"", "contenthub.toml line 1", "“here” is no address"),
        ("\nreview_required = 1", "contenthub.toml line 2", "review_required: must be true or false"),
        ("body_max_bytes = 0", "contenthub.toml line 1", "body_max_bytes"),
        ("submitted_max_hours = 0", "contenthub.toml line 1", "submitted_max_hours"),
        ("behind_proxy = \"X Forwarded\"", "contenthub.toml line 1", "write it like X-Forwarded-For"),
        ("\npublic_url = \"hub.example\"", "contenthub.toml line 2", "write it like https://hub.example"),
        ("cors_origins = \"https://a.example, *\"", "contenthub.toml line 1", "“*” is no origin"),
        ("tls_key = \"key.pem\"", "contenthub.toml line 1", "set tls_cert too"),
        ("connections_max = 0", "contenthub.toml line 1", "from 1 to 1000000, not 0"),
        ("platform_pause_seconds = 301", "contenthub.toml line 1", "platform_pause_seconds"),
        ("\noutbound_allow = [\"10.0.0.1/8\"]", "contenthub.toml line 2", "write 10.0.0.0/8"),
        ("outbound_allow = [\"http://nas.lan\"]", "contenthub.toml line 1", "“http://nas.lan” is no address"),
        ("outbound_allow = \"::1\"", "contenthub.toml line 1", "outbound_allow: must be a list, not “::1”"),
        ("database_url = \"mysql://me:hush@h/d\"", "contenthub.toml line 1", "mysql://me@h/d"),
        (
            "database_url = \"host=h password=hush\"",
            "contenthub.toml line 1",
            "use postgres://USER@HOST/NAME",
        ),
        ("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", "contenthub.toml line 2", "listen"),
        ("[server]\nlisten = \"x\"", "contenthub.toml line 1", "server"),
    ] {
        std::fs::write(&file, text).expect("written");
        for args in [
            &["serve"][..],
            &["publish-pool", "list"],
            &["db", "migrate"],
            &["config", "show"],
            &["serve", "--demo"],
        ] {
            let told = refused(&cli, args, 2, place);
            assert!(told.stderr.contains(says), "{text}: {}", told.stderr);
            assert!(!told.stderr.contains("hush"), "{}", told.stderr);
        }
        assert!(untouched(), "{text}: something was started");
    }
    std::fs::write(&file, b"timezone = \"\xff\"").expect("written");
    refused(&cli, &["serve"], 2, "contenthub.toml");
    std::fs::remove_file(&file).expect("removed");
    for (name, value, says) in [
        ("CONTENTHUB_CONCURRENCY", "0", "concurrency"),
        ("CONTENTHUB_CONCURRENCY", "many", "many"),
        ("CONTENTHUB_TIMEZONE", "Mars", "“Mars”"),
        ("CONTENTHUB_LISTEN", "here", "“here”"),
        ("CONTENTHUB_LEASE_SECONDS", "1", "from 2 to 3600"),
        ("CONTENTHUB_GRACE_SECONDS", "601", "from 0 to 600"),
        ("CONTENTHUB_REVIEW_REQUIRED", "perhaps", "perhaps"),
        ("CONTENTHUB_BODY_MAX_BYTES", "0", "body_max_bytes"),
        ("CONTENTHUB_TLS_CERT", "cert.pem", "set tls_key too"),
        ("CONTENTHUB_BEHIND_PROXY", "", "X-Forwarded-For"),
        ("CONTENTHUB_REQUESTS_PER_MINUTE", "-1", "from 0 to 1000000"),
        ("CONTENTHUB_OUTBOUND_ALLOW", "::1,nas lan", "“nas lan” is no address"),
        ("CONTENTHUB_DATABASE_URL", "mysql://h/d", "mysql://h/d"),
        ("CONTENTHUB_DATABASE_URL", "host=h password=hush", "use postgres://USER@HOST/NAME"),
        ("CONTENTHUB_CONFIG", "missing.toml", "missing.toml"),
        ("CONTENTHUB_SECRET_KEY", "hush", "64 hex digits"),
        ("CONTENTHUB_SECRET_KEY", "", "CONTENTHUB_SECRET_KEY"),
    ] {
        let told = refused(&cli.clone().env(name, value), &["publish-pool", "list"], 2, says);
        assert!(!told.stderr.contains("hush"), "{}", told.stderr);
        assert!(untouched(), "{name}={value}: something was started");
    }
    refused(&cli, &["--lease-seconds", "0", "publish-pool", "list"], 2, "from 2 to 3600");
    refused(&cli, &["publish-pool", "list", "--timezone", "Mars"], 2, "“Mars”");
    assert!(untouched());
}

/// Flags go before variables, variables before the file, the file before defaults; and nothing secret is shown.
#[test]
fn settings_are_shown_with_their_origin() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "timezone = \"Asia/Shanghai\"\nconcurrency = 3\nlease_seconds = 30\nhead_max_seconds = 7\n";
    std::fs::write(dir.path().join("contenthub.toml"), text).expect("written");
    let cli = Cli::in_dir(dir.path())
        .env("CONTENTHUB_CONCURRENCY", "5")
        .env("CONTENTHUB_LEASE_SECONDS", "40")
        .env("CONTENTHUB_CORS_ORIGINS", "https://app.example")
        .env("CONTENTHUB_SECRET_KEY", "hush")
        .env("CONTENTHUB_DATABASE_URL", "postgres://me:hush@h/d?password=hush");
    let settings = cli.json(&["config", "show", "--lease-seconds", "50"]);
    let shown = |key: &str| {
        let setting = settings.as_array().expect("a list").iter().find(|setting| setting["key"] == key);
        let setting = setting.unwrap_or_else(|| panic!("no {key} in {settings}"));
        format!(
            "{} {}",
            setting["value"].as_str().unwrap_or_default(),
            setting["from"].as_str().unwrap_or_default()
        )
    };
    assert_eq!(shown("lease_seconds"), "50 flag or environment");
    assert_eq!(shown("concurrency"), "5 flag or environment");
    assert_eq!(shown("timezone"), "Asia/Shanghai contenthub.toml line 1");
    assert_eq!(shown("listen"), "127.0.0.1:8080 default");
    assert_eq!(shown("body_max_bytes"), "8388608 default");
    assert_eq!(shown("tls_cert"), "none default");
    assert_eq!(shown("cors_origins"), "https://app.example flag or environment");
    assert_eq!(shown("head_max_seconds"), "7 contenthub.toml line 4");
    assert_eq!(shown("requests_per_minute"), "0 default");
    assert_eq!(shown("submitted_max_hours"), "24 default");
    assert_eq!(shown("platform_pause_seconds"), "30 default");
    assert_eq!(shown("outbound_allow"), "127.0.0.0/8, ::1 default");
    assert_eq!(shown("database_url"), "postgres://me@h/d flag or environment");
    let table = cli.ok(&["config", "show"]);
    assert!(table.contains("timezone") && !table.contains("hush"), "{table}");
    assert!(!dir.path().join("data").exists(), "looking makes nothing");
}

/// Both have a number of posts at once, and a zone.
#[test]
fn a_setting_of_the_program_is_not_taken_for_one_of_an_account() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    let before = cli.json(&["account", "show", "blog"]);
    refused(&cli, &["account", "update", "blog", "--concurrency", "10"], 2, "--at-once");
    refused(&cli, &["account", "update", "blog", "--timezone", "Asia/Shanghai"], 2, "--zone");
    refused(&cli, &["account", "create", "x", "--platform", "folder", "--concurrency", "9"], 2, "--at-once");
    assert_eq!(cli.json(&["account", "show", "blog"]), before);
    let changed = cli.json(&["account", "update", "blog", "--at-once", "10", "--zone", "Asia/Shanghai"]);
    assert_eq!((&changed["concurrency"], &changed["timezone"]), (&json!(10), &json!("Asia/Shanghai")));
}
