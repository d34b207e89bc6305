//! Addresses that nothing is sent to.

use super::{InChinese, chinese};
use crate::domain::outbound::{AddressKind, Refused, WrongItem};
use crate::words::Sentence;

impl InChinese for Refused {
    fn in_chinese(&self) -> Sentence {
        match &self.name {
            Some(name) => chinese("outbound-refused-name")
                .with("name", name.as_str())
                .with("address", self.address.to_string())
                .with("what", self.what.in_chinese())
                .with("line", self.line()),
            None => chinese("outbound-refused")
                .with("address", self.address.to_string())
                .with("what", self.what.in_chinese())
                .with("line", self.line()),
        }
    }
}

impl InChinese for AddressKind {
    fn in_chinese(&self) -> Sentence {
        match self {
            AddressKind::NoHost => chinese("outbound-no-host"),
            AddressKind::Metadata => chinese("outbound-metadata"),
            AddressKind::Private => chinese("outbound-private"),
            AddressKind::Provider => chinese("outbound-provider"),
            AddressKind::Loopback => chinese("outbound-loopback"),
            AddressKind::LinkLocal => chinese("outbound-link-local"),
            AddressKind::Reserved => chinese("outbound-reserved"),
            AddressKind::Multicast => chinese("outbound-multicast"),
            AddressKind::Tunnel => chinese("outbound-tunnel"),
        }
    }
}

impl InChinese for WrongItem {
    fn in_chinese(&self) -> Sentence {
        match self {
            WrongItem::Unreadable(given) => chinese("outbound-unreadable").with("given", given.as_str()),
            WrongItem::NoNetwork { given, most } => {
                chinese("outbound-no-network").with("given", given.as_str()).with("most", most.to_string())
            }
            WrongItem::StartsElsewhere { given, start, bits } => chinese("outbound-starts-elsewhere")
                .with("given", given.as_str())
                .with("start", start.to_string())
                .with("bits", bits.to_string()),
        }
    }
}
