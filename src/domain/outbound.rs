//! Which addresses requests may go to: all of the public Internet, and of the rest what a setting names.
//!
//! A URL is data that somebody typed or a name server made up, and whoever can have one called from this machine can
//! call what only this machine reaches: its own services, its network's, its cloud's metadata. What is judged here is
//! the address that is dialled, never a name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use url::Host;

/// What is closed of IPv4, the narrower first: network, bits of its prefix, in words.
const CLOSED_V4: &[([u8; 4], u32, AddressKind)] = &[
    ([169, 254, 169, 254], 32, METADATA),
    ([169, 254, 170, 2], 32, METADATA),
    ([100, 100, 100, 200], 32, METADATA),
    ([168, 63, 129, 16], 32, METADATA),
    ([192, 0, 0, 192], 32, METADATA),
    ([0, 0, 0, 0], 8, NO_HOST),
    ([10, 0, 0, 0], 8, PRIVATE),
    ([100, 64, 0, 0], 10, PROVIDER),
    ([127, 0, 0, 0], 8, LOOPBACK),
    ([169, 254, 0, 0], 16, LINK_LOCAL),
    ([172, 16, 0, 0], 12, PRIVATE),
    ([192, 0, 0, 0], 24, RESERVED),
    ([192, 0, 2, 0], 24, RESERVED),
    ([192, 88, 99, 0], 24, RESERVED),
    ([192, 168, 0, 0], 16, PRIVATE),
    ([198, 18, 0, 0], 15, RESERVED),
    ([198, 51, 100, 0], 24, RESERVED),
    ([203, 0, 113, 0], 24, RESERVED),
    ([224, 0, 0, 0], 4, MULTICAST),
    ([240, 0, 0, 0], 4, RESERVED),
];

/// The same of IPv6.
const CLOSED_V6: &[([u16; 8], u32, AddressKind)] = &[
    ([0; 8], 128, NO_HOST),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, LOOPBACK),
    ([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254], 128, METADATA),
    ([0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], 128, METADATA),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, PRIVATE),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LINK_LOCAL),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, PRIVATE),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, MULTICAST),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, RESERVED),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32, RESERVED),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, TUNNEL),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, RESERVED),
];

super::text_enum! {
    /// What an address is to which nothing is sent unless it is named.
    AddressKind {
        NoHost = "an address of no host",
        Metadata = "the address of a cloud's metadata",
        Private = "a private address",
        Provider = "an address within a provider's network",
        Loopback = "an address of this machine itself",
        LinkLocal = "a link-local address",
        Reserved = "a reserved address",
        Multicast = "an address of many hosts",
        Tunnel = "a tunnel's address",
    }
}

const NO_HOST: AddressKind = AddressKind::NoHost;
const METADATA: AddressKind = AddressKind::Metadata;
const PRIVATE: AddressKind = AddressKind::Private;
const PROVIDER: AddressKind = AddressKind::Provider;
const LOOPBACK: AddressKind = AddressKind::Loopback;
const LINK_LOCAL: AddressKind = AddressKind::LinkLocal;
const RESERVED: AddressKind = AddressKind::Reserved;
const MULTICAST: AddressKind = AddressKind::Multicast;
const TUNNEL: AddressKind = AddressKind::Tunnel;

/// What of IPv6 is given to hosts at all.
const GLOBAL_V6: ([u16; 8], u32) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// Prefixes behind which an IPv4 address stands that is the one really reached: IPv4 as IPv6 (RFC 4291), and NAT64
/// (RFC 6052), by which a network without IPv4 reaches the rest of the world.
const CARRIERS: &[([u16; 8], u32)] =
    &[([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), ([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96)];

/// What an address is to which nothing is sent unless it is named. None for one of the public Internet.
pub fn closed(address: IpAddr) -> Option<AddressKind> {
    match (carried(address), address) {
        (Some(address), _) | (None, IpAddr::V4(address)) => {
            let row = CLOSED_V4.iter().find(|(net, bits, _)| is_in_v4(address, (*net).into(), *bits));
            row.map(|(.., kind)| *kind)
        }
        (None, IpAddr::V6(address)) => {
            let row = CLOSED_V6.iter().find(|(net, bits, _)| is_in_v6(address, (*net).into(), *bits));
            let is_global = is_in_v6(address, GLOBAL_V6.0.into(), GLOBAL_V6.1);
            row.map(|(.., kind)| *kind).or((!is_global).then_some(RESERVED))
        }
    }
}

/// The IPv4 address that an IPv6 address leads to.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let is_carrier = CARRIERS.iter().any(|(net, bits)| is_in_v6(address, (*net).into(), *bits));
    let [.., a, b, c, d] = address.octets();
    is_carrier.then(|| Ipv4Addr::new(a, b, c, d))
}

fn is_in_v4(address: Ipv4Addr, net: Ipv4Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
}

fn is_in_v6(address: Ipv6Addr, net: Ipv6Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
}

/// What is open of the closed addresses: the setting `outbound_allow`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundAllow(Vec<Named>);

/// Why an item of the setting cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongItem {
    #[error(
        "“{0}” is no address, network or name of a host; write it like 192.168.1.5, 10.0.0.0/8 or nas.lan"
    )]
    Unreadable(String),
    #[error("“{given}” is no network: after the / stands a number up to {most}")]
    NoNetwork { given: String, most: u32 },
    #[error("“{given}” is no network: it begins at {start}, so write {start}/{bits}")]
    StartsElsewhere { given: String, start: IpAddr, bits: u32 },
}

/// One item of the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Net {
        first: IpAddr,
        bits: u32,
    },
    /// In lower case and ASCII, without a dot at the end: wherever that name leads.
    Host(String),
}

impl OutboundAllow {
    /// This machine itself and nothing else.
    pub fn loopback() -> Self {
        let net = |first, bits| Named::Net { first, bits };
        OutboundAllow(vec![
            net(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
            net(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
        ])
    }

    /// Reads items as users write them: `10.0.0.0/8`, `192.168.1.5`, `fd00::/8`, `nas.lan`.
    pub fn parse<I: AsRef<str>>(items: &[I]) -> Result<Self, WrongItem> {
        let items = items.iter().map(|item| item.as_ref().trim()).filter(|item| !item.is_empty());
        items.map(str::parse).collect::<Result<_, _>>().map(OutboundAllow)
    }

    /// Whether a request for `host` may go to `address`, which is what was found for it.
    pub fn judge(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let Some(what) = closed(address) else { return Ok(()) };
        let host = named(host);
        if self.0.iter().any(|it| it.covers(&host, address)) {
            return Ok(());
        }
        let (address, this) = match (&host, carried(address)) {
            (Host::Domain(name), _) => (address, Named::Host(name.clone())),
            (_, Some(carried)) => (address, Named::only(carried.into())),
            (_, None) => (address, Named::only(address)),
        };
        let name = if let Named::Host(name) = &this { Some(name.clone()) } else { None };
        let line = OutboundAllow(self.0.iter().cloned().chain([this]).collect());
        Err(Refused { name, address, what, line })
    }

    /// The same before anything is looked up, where it is certain what will be found: of an address, however it is
    /// written, and of this machine's own name.
    pub fn judge_early(&self, host: &str) -> Result<(), Refused> {
        match named(host) {
            Host::Ipv4(address) => self.judge(host, address.into()),
            Host::Ipv6(address) => self.judge(host, address.into()),
            Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
                self.judge(&name, Ipv4Addr::LOCALHOST.into())
            }
            Host::Domain(_) => Ok(()),
        }
    }

    /// The items, as they are written in the setting.
    pub fn items(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// A host as it stands in a URL. Numbers are addresses in all the ways in which they can be written.
fn named(host: &str) -> Host<String> {
    let bare = host.trim_end_matches('.');
    match Host::parse(bare) {
        Ok(Host::Domain(name)) => Host::Domain(name.trim_end_matches('.').to_owned()),
        Ok(address) => address,
        Err(_) => match bare.parse() {
            Ok(address) => Host::Ipv6(address), // without brackets
            Err(_) => Host::Domain(bare.to_lowercase()),
        },
    }
}

impl Named {
    fn only(address: IpAddr) -> Self {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Named::Net { first: address, bits }
    }

    fn covers(&self, host: &Host<String>, address: IpAddr) -> bool {
        match (self, host) {
            (Named::Host(name), Host::Domain(host)) => name == host,
            (Named::Host(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
            (Named::Net { first, bits }, _) => {
                let in_net = |address| match (address, *first) {
                    (IpAddr::V4(address), IpAddr::V4(first)) => is_in_v4(address, first, *bits),
                    (IpAddr::V6(address), IpAddr::V6(first)) => is_in_v6(address, first, *bits),
                    (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
                };
                in_net(address) || carried(address).is_some_and(|carried| in_net(carried.into()))
            }
        }
    }
}

impl FromStr for Named {
    type Err = WrongItem;

    fn from_str(text: &str) -> Result<Self, WrongItem> {
        if let Some((address, bits)) = text.split_once('/')
            && let Ok(address) = address.parse::<IpAddr>()
        {
            return net(text, address, bits);
        }
        match named(text) {
            Host::Ipv4(address) => Ok(Named::only(address.into())),
            Host::Ipv6(address) => Ok(Named::only(address.into())),
            Host::Domain(name) if is_a_name(&name) => Ok(Named::Host(name)),
            Host::Domain(_) => Err(WrongItem::Unreadable(text.to_owned())),
        }
    }
}

fn net(text: &str, first: IpAddr, bits: &str) -> Result<Named, WrongItem> {
    let most = if first.is_ipv4() { 32 } else { 128 };
    let bits = bits.parse().ok().filter(|bits| *bits <= most);
    let bits = bits.ok_or_else(|| WrongItem::NoNetwork { given: text.to_owned(), most })?;
    let start: IpAddr = match first {
        IpAddr::V4(first) => {
            Ipv4Addr::from_bits(first.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0)).into()
        }
        IpAddr::V6(first) => {
            Ipv6Addr::from_bits(first.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)).into()
        }
    };
    if start != first {
        return Err(WrongItem::StartsElsewhere { given: text.to_owned(), start, bits });
    }
    Ok(Named::Net { first, bits })
}

fn is_a_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 253 && name.chars().all(fits)
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Host(name) => f.write_str(name),
            Named::Net { first: first @ IpAddr::V4(_), bits: 32 } => write!(f, "{first}"),
            Named::Net { first: first @ IpAddr::V6(_), bits: 128 } => write!(f, "{first}"),
            Named::Net { first, bits } => write!(f, "{first}/{bits}"),
        }
    }
}

/// A closed address that nothing names. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Refused {
    /// None where the address itself was asked for.
    pub name: Option<String>,
    pub address: IpAddr,
    pub what: AddressKind,
    /// What the setting would have to be.
    line: OutboundAllow,
}

impl Refused {
    /// The line of contenthub.toml that allows it, and what was allowed before.
    pub fn line(&self) -> String {
        let items: Vec<String> = self.line.items().iter().map(|item| format!("\"{item}\"")).collect();
        format!("outbound_allow = [{}]", items.join(", "))
    }

    fn sentence(&self) -> String {
        let (address, what) = (self.address, self.what);
        let found = match &self.name {
            Some(name) => format!("{name} is at {address}, {what}"),
            None => format!("{address} is {what}"),
        };
        format!(
            "{found}, and nothing is sent to such unless the settings name it. To allow it, put this line into \
             contenthub.toml (or its value where outbound_allow is set now) and restart: {}",
            self.line()
        )
    }
}

#[cfg(test)]
mod tests;
