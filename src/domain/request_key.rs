//! The key by which a client names something that it asks for, so that asking again makes nothing twice
//! (draft-ietf-httpapi-idempotency-key-header).

use std::fmt;
use std::time::Duration;

/// What was answered to a key is remembered for so long.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Chosen by a client: 1 to 255 visible ASCII characters. It counts for that client alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey(String);

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {} visible ASCII characters, such as a UUID", RequestKey::MAX_CHARS)]
pub struct UnusableKey;

impl RequestKey {
    pub const MAX_CHARS: usize = 255;

    /// Reads a key as the header holds it: as it is, or in double quotes as the draft has it.
    pub fn parse(text: &str) -> Result<Self, UnusableKey> {
        let text = text.trim();
        let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let is_usable =
            (1..=Self::MAX_CHARS).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic());
        if is_usable { Ok(RequestKey(key.to_owned())) } else { Err(UnusableKey) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_and_without_quotes() {
        let plain = RequestKey::parse("8e03978e-40d5-43dd-bc93-6894a57f9324").expect("a key");
        assert_eq!(RequestKey::parse(" \"8e03978e-40d5-43dd-bc93-6894a57f9324\" "), Ok(plain));
        assert_eq!(RequestKey::parse(&"k".repeat(255)).expect("a key").as_str().len(), 255);
        for wrong in ["", "\"\"", "a b", "ключ", &"k".repeat(256)] {
            assert_eq!(RequestKey::parse(wrong), Err(UnusableKey), "{wrong}");
        }
    }
}
