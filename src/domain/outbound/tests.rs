//! The table of hostile addresses, and what the setting opens of them.

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
}

#[test]
fn what_is_not_of_the_public_internet_is_closed() {
    for (what, addresses) in [
        (LOOPBACK, &["127.0.0.1", "127.0.0.0", "127.255.255.255", "127.1.2.3", "::1"][..]),
        (NO_HOST, &["0.0.0.0", "0.0.0.1", "0.255.255.255", "::"]),
        (
            PRIVATE,
            &[
                "10.0.0.0",
                "10.255.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.168.0.0",
                "192.168.255.255",
                "fc00::",
                "fc00::1",
                "fd12:3456:789a::1",
                "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "fec0::1",
                "feff::1",
            ],
        ),
        (LINK_LOCAL, &["169.254.0.0", "169.254.1.1", "169.254.255.255", "fe80::", "fe80::1", "febf::1"]),
        (
            METADATA,
            &[
                "169.254.169.254",
                "169.254.170.2",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "fd00:ec2::254",
                "fd20:ce::254",
            ],
        ),
        (PROVIDER, &["100.64.0.0", "100.127.255.255"]),
        (MULTICAST, &["224.0.0.0", "224.0.0.251", "239.255.255.255", "ff00::", "ff02::1", "ff0e::1"]),
        (
            RESERVED,
            &[
                "192.0.0.1",
                "192.0.2.1",
                "192.88.99.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.7",
                "203.0.113.7",
                "240.0.0.1",
                "255.255.255.255",
                // What is given to nobody, among it the forms that only look like IPv4: compatible, translated, and
                // NAT64 of a network's own.
                "::2",
                "::127.0.0.1",
                "::8.8.8.8",
                "::ffff:0:127.0.0.1",
                "::ffff:0:8.8.8.8",
                "64:ff9b:1::7f00:1",
                "64:ff9b:0:0:1::",
                "100::1",
                "1000::1",
                "2001::1",
                "2001:0:7f00:1::1",
                "2001:10::1",
                "2001:20::1",
                "2001:1ff::1",
                "2001:db8::1",
                "3fff::1",
                "4000::1",
                "5f00::1",
                "fe00::1",
            ],
        ),
        (TUNNEL, &["2002::1", "2002:7f00:1::1", "2002:808:808::1"]),
    ] {
        for text in addresses {
            assert_eq!(closed(address(text)), Some(what), "{text}");
        }
    }
}

/// Whatever an IPv4 address is, it is too behind the prefixes that lead to it.
#[test]
fn an_ipv4_address_is_itself_in_every_dress() {
    for (inner, what) in [
        ("127.0.0.1", Some(LOOPBACK)),
        ("0.0.0.0", Some(NO_HOST)),
        ("10.1.2.3", Some(PRIVATE)),
        ("169.254.169.254", Some(METADATA)),
        ("192.168.1.1", Some(PRIVATE)),
        ("255.255.255.255", Some(RESERVED)),
        ("8.8.8.8", None),
    ] {
        for dress in ["", "::ffff:", "64:ff9b::"] {
            let text = format!("{dress}{inner}");
            assert_eq!(closed(address(&text)), what, "{text}");
        }
    }
}

#[test]
fn the_neighbours_of_what_is_closed_are_open() {
    for text in [
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2003::1",
        "3ffe:ffff::1",
    ] {
        assert_eq!(closed(address(text)), None, "{text}");
    }
}

fn allow(items: &[&str]) -> OutboundAllow {
    OutboundAllow::parse(items).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_the_setting_names_is_open_and_nothing_else() {
    for (items, host, found, open) in [
        (&[][..], "a.example", "8.8.8.8", true),
        (&[], "a.example", "127.0.0.1", false),
        (&["10.0.0.0/8"], "a.example", "10.200.1.1", true),
        (&["10.0.0.0/8"], "a.example", "11.0.0.1", true),
        (&["10.0.0.0/8"], "a.example", "127.0.0.1", false),
        (&["10.0.0.0/8"], "a.example", "::ffff:10.1.1.1", true),
        (&["10.0.0.0/8"], "a.example", "64:ff9b::a01:101", true),
        (&["64:ff9b::/96"], "a.example", "64:ff9b::a01:101", true),
        (&["10.0.0.5"], "10.0.0.5", "10.0.0.5", true),
        (&["10.0.0.5"], "10.0.0.6", "10.0.0.6", false),
        (&["0.0.0.0/0"], "a.example", "192.168.1.1", true),
        (&["0.0.0.0/0"], "a.example", "fd00::1", false),
        (&["::/0"], "a.example", "fd00::1", true),
        (&["::/0"], "a.example", "10.0.0.1", false),
        (&["fd00::/8"], "[fd12::1]", "fd12::1", true),
        (&["[fd12::1]"], "[fd12::1]", "fd12::1", true),
        // 0177.0.0.1 is 127.0.0.1.
        (&["0177.0.0.1"], "127.0.0.1", "127.0.0.1", true),
        // A name opens wherever it leads, and only for itself.
        (&["nas.lan"], "nas.lan", "192.168.1.5", true),
        (&["NAS.lan."], "nas.LAN", "192.168.1.5", true),
        (&["nas.lan"], "nas.lan.", "192.168.1.5", true),
        (&["nas.lan"], "evil.example", "192.168.1.5", false),
        (&["nas.lan"], "x.nas.lan", "192.168.1.5", false),
        (&["nas.lan"], "192.168.1.5", "192.168.1.5", false),
        (&["bücher.example"], "xn--bcher-kva.example", "10.0.0.1", true),
        (&["receiver"], "receiver", "172.18.0.2", true),
    ] {
        let judged = allow(items).judge(host, address(found));
        assert_eq!(judged.is_ok(), open, "{items:?}: {host} at {found}");
    }
    let loopback = OutboundAllow::loopback();
    for (found, open) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("0.0.0.0", false),
        ("::", false),
        ("10.0.0.1", false),
        ("169.254.169.254", false),
    ] {
        assert_eq!(loopback.judge("a.example", address(found)).is_ok(), open, "{found}");
    }
}

/// Those that `getaddrinfo` reads as the address too, and others.
#[test]
fn an_address_is_known_however_it_is_written() {
    let nothing = OutboundAllow::default();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7F.0.0.1",
        "0177.0.0.1",
        "0177.0.0.01",
        "127.1",
        "127.0.1",
        "[::1]",
        "::1",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "0",
        "0.0.0.0",
        "①②⑦.0.0.1",
        "localhost",
        "LocalHost.",
        "api.localhost",
    ] {
        assert!(nothing.judge_early(host).is_err(), "{host}");
    }
    for host in ["a.example", "8.8.8.8", "134744072", "localhost.example", "notlocalhost", "10.example"] {
        assert_eq!(nothing.judge_early(host), Ok(()), "{host}");
    }
    assert_eq!(allow(&["localhost"]).judge_early("localhost"), Ok(()));
    assert_eq!(OutboundAllow::loopback().judge_early("0x7f.1"), Ok(()));
}

#[test]
fn a_refusal_says_what_is_there_and_the_line_that_allows_it() {
    let refusal = |items: &[&str], host: &str, found: &str| {
        allow(items).judge(host, address(found)).expect_err("refused")
    };
    let by_name = refusal(&["10.0.0.0/8", "::1"], "nas.lan", "192.168.1.5");
    let told = by_name.to_string();
    assert!(told.starts_with("nas.lan is at 192.168.1.5, a private address, "), "{told}");
    assert_eq!(by_name.line(), "outbound_allow = [\"10.0.0.0/8\", \"::1\", \"nas.lan\"]");
    assert!(told.ends_with(&by_name.line()) && told.contains("contenthub.toml"), "{told}");
    let decimal = refusal(&[], "2130706433", "127.0.0.1");
    assert!(decimal.to_string().starts_with("127.0.0.1 is an address of this machine itself, "), "{decimal}");
    assert_eq!(decimal.line(), "outbound_allow = [\"127.0.0.1\"]");
    let mapped = refusal(&[], "[::ffff:10.0.0.1]", "::ffff:10.0.0.1");
    assert_eq!(mapped.line(), "outbound_allow = [\"10.0.0.1\"]");
    // With that line it is open, and nothing that was open is shut.
    for (host, found) in [("nas.lan", "192.168.1.5"), ("x.example", "10.1.1.1"), ("x.example", "::1")] {
        let items = by_name.line.items();
        assert_eq!(OutboundAllow::parse(&items).expect("read").judge(host, address(found)), Ok(()), "{host}");
    }
}

#[test]
fn items_that_are_none_are_told() {
    for (item, says) in [
        ("10.0.0.0/33", "a number up to 32"),
        ("10.0.0.0/x", "a number up to 32"),
        ("10.0.0.0/", "a number up to 32"),
        ("fd00::/129", "a number up to 128"),
        ("10.0.0.5/8", "write 10.0.0.0/8"),
        ("fd00::1/8", "write fd00::/8"),
        ("10.0.0.5/0", "write 0.0.0.0/0"),
        ("http://nas.lan", "“http://nas.lan” is no address"),
        ("nas.lan:8080", "“nas.lan:8080” is no address"),
        ("nas lan", "“nas lan” is no address"),
        ("*.lan", "“*.lan” is no address"),
        ("nas/24", "“nas/24” is no address"),
        ("fe80::1%eth0", "“fe80::1%eth0” is no address"),
    ] {
        let told = OutboundAllow::parse(&["::1", item]).expect_err(item);
        assert!(told.to_string().contains(says), "{item}: {told}");
    }
    assert_eq!(allow(&["", " 10.0.0.0/8 ", "\t"]).items(), ["10.0.0.0/8"]);
    assert_eq!(allow(&[]), OutboundAllow::default());
    assert_eq!(OutboundAllow::loopback().items(), ["127.0.0.0/8", "::1"]);
}
