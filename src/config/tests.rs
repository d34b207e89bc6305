//! Settings from flags, variables and the file, and what is told of those that cannot be used.

use super::*;

fn file(text: &str) -> Result<File, ConfigError> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("c.toml");
    std::fs::write(&path, text).expect("written");
    read_file(&path)
}

#[test]
fn flags_go_before_the_file_and_the_file_before_defaults() {
    let args = SettingsArgs { concurrency: Some(5), ..SettingsArgs::default() };
    let settings = merge(args, file("concurrency = 7\ntimezone = \"Asia/Shanghai\"").expect("read"));
    let settings = settings.expect("merged");
    assert_eq!(settings.concurrency, 5);
    assert_eq!(settings.timezone, chrono_tz::Asia::Shanghai);
    assert_eq!(settings.lease_seconds, 60);
    let origin = |key: &str| settings.described.iter().find(|it| it.0 == key).map(|it| it.2.to_string());
    assert_eq!(origin("concurrency").as_deref(), Some("flag or environment"));
    assert!(origin("timezone").is_some_and(|origin| origin.ends_with("c.toml line 2")));
    assert_eq!(origin("listen").as_deref(), Some("default"));
}

#[test]
fn a_broken_file_is_told_with_its_line_and_key() {
    for (text, line, says) in [
        ("timezone = \"UTC\"\nconcurency = 3", 2, "concurency: is not known here; there are data_dir, "),
        ("listen = ", 1, "listen: "),
        ("\n\nlease_seconds = \"x\"", 3, "lease_seconds: must be a whole number, not “x”"),
        ("data_dir = 5", 1, "data_dir: must be text, not 5"),
    ] {
        match file(text) {
            Err(ConfigError::Broken { line: told, wrong, .. }) => {
                assert_eq!(told, line, "{text}: {wrong}");
                assert!(wrong.to_string().contains(says), "{wrong}");
            }
            other => panic!("{text}: {:?}", other.map(|_| ())),
        }
    }
}

#[test]
fn requests_may_go_to_this_machine_only_where_nobody_else_reaches_the_server() {
    let allowed = |listen: &str, text: &str, flag: Option<&str>| {
        let outbound_allow = flag.map(|flag| flag.split(',').map(str::to_owned).collect());
        let args = SettingsArgs { listen: Some(listen.into()), outbound_allow, ..SettingsArgs::default() };
        merge(args, file(text).expect("read")).expect("merged").outbound_allow.items().join(" ")
    };
    for (listen, right) in [
        ("127.0.0.1:8080", "127.0.0.0/8 ::1"),
        ("127.9.9.9:1", "127.0.0.0/8 ::1"),
        ("[::1]:8080", "127.0.0.0/8 ::1"),
        ("[::ffff:127.0.0.1]:8080", "127.0.0.0/8 ::1"),
        ("0.0.0.0:8080", ""),
        ("[::]:8080", ""),
        ("192.0.2.7:8080", ""),
    ] {
        assert_eq!(allowed(listen, "", None), right, "{listen}");
    }
    assert_eq!(allowed("127.0.0.1:1", "outbound_allow = []", None), "");
    assert_eq!(allowed("127.0.0.1:1", "", Some("")), "");
    let named = "outbound_allow = [\"nas.lan\", \"10.0.0.0/8\"]";
    assert_eq!(allowed("0.0.0.0:1", named, None), "nas.lan 10.0.0.0/8");
    assert_eq!(allowed("0.0.0.0:1", named, Some("::1, 10.1.1.1")), "::1 10.1.1.1");
}

#[test]
fn values_out_of_range_are_refused() {
    let wrong = [
        SettingsArgs { concurrency: Some(0), ..SettingsArgs::default() },
        SettingsArgs { lease_seconds: Some(1), ..SettingsArgs::default() },
        SettingsArgs { timezone: Some("Mars".into()), ..SettingsArgs::default() },
        SettingsArgs { listen: Some("here".into()), ..SettingsArgs::default() },
        SettingsArgs { outbound_allow: Some(vec!["10.0.0.1/8".into()]), ..SettingsArgs::default() },
        SettingsArgs { database_url: Some("mysql://x/y".into()), ..SettingsArgs::default() },
    ];
    for args in wrong {
        assert!(merge(args.clone(), File::default()).is_err(), "{args:?}");
    }
    let in_file = merge(SettingsArgs::default(), file("timezone = \"UTC\"\nconcurrency = 0").expect("read"));
    let told = in_file.expect_err("out of range").to_string();
    assert!(told.contains("c.toml line 2): must be from 1 to 1024, not 0"), "{told}");
}
