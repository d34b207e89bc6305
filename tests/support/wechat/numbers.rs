//! Ids, each given once. They tell nothing of what they stand for, as WeChat's do not.

use super::pictures::sha256;

/// `publish_id`s are numbers, and this is one before the first.
const BEFORE_THE_FIRST: u64 = 2_247_480_000;

#[derive(Debug, Default)]
pub struct Numbers(u64);

impl Numbers {
    /// 64 characters.
    pub fn id(&mut self, what: &str) -> String {
        self.0 += 1;
        sha256(format!("{what} {}", self.0).as_bytes())
    }

    /// Decimal digits.
    pub fn number(&mut self) -> String {
        self.0 += 1;
        (BEFORE_THE_FIRST + self.0).to_string()
    }

    /// The id of a request, which every `errmsg` ends with.
    pub fn request_id(&mut self) -> String {
        let id = self.id("request");
        format!("{}-{}-{}", &id[..8], &id[8..16], &id[16..24])
    }
}
