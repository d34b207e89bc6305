//! Templates: a sentence with the names of its values in braces, by which it is written and read back.

use super::message::{Answered, AnsweredOptions, KeptMessage};
use super::wechat::{WeChatEnd, WeChatMeans};
use crate::domain::clock::Timestamp;
use crate::domain::outbound::AddressKind;
use std::net::IpAddr;

/// Declares an enum whose variants are sentences: each is written by its template (`Display`), and `read` finds the
/// variant whose template a text follows. Those that come first are tried first.
///
/// Values stand in the template in the order in which they are declared, each between texts. A value ends where the text
/// behind it first occurs, and the last one where the sentence does. So whatever is read is written as it was.
macro_rules! kept_texts {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident $({ $($field:ident: $kind:ty),+ })? = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant $({ $($field: $kind),+ })?),+ }

        impl $name {
            /// None where a text follows none of the templates.
            pub fn read(text: &str) -> Option<Self> {
                $(
                    let one = || {
                        let rest = $crate::domain::kept::template::Reading::begin($text, text)?;
                        $($(let (rest, $field) = rest.value::<$kind>(stringify!($field))?;)+)?
                        rest.end(Self::$variant $({ $($field),+ })?)
                    };
                    if let Some(read) = one() {
                        return Some(read);
                    }
                )+
                None
            }

            /// Each of them, with values that are hard to read back.
            #[cfg(test)]
            pub fn samples() -> Vec<Self> {
                use $crate::domain::kept::template::Value;
                (0..$crate::domain::kept::template::HARD.len())
                    .flat_map(|place| {
                        [$(Self::$variant $({ $($field: <$kind as Value>::sample(place)),+ })?),+]
                    })
                    .collect()
            }

            /// Each of them that has values, with its own template as its last text.
            #[cfg(test)]
            pub fn of_its_own_template() -> Vec<(Self, &'static str)> {
                use $crate::domain::kept::template::Value;
                vec![$((Self::$variant $({ $($field: <$kind as Value>::of_template($text)),+ })?, $text)),+]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(Self::$variant $({ $($field),+ })? => write!(f, $text)),+ }
            }
        }
    };
}
pub(super) use kept_texts;

/// A text and the template that it has followed so far; both begin behind that.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    template: &'static str,
    text: &'a str,
}

impl<'a> Reading<'a> {
    pub fn begin(template: &'static str, text: &'a str) -> Option<Self> {
        let literal = literal(template);
        Some(Reading { template: &template[literal.len()..], text: text.strip_prefix(literal)? })
    }

    /// The value that stands here, and what follows it.
    pub fn value<T: Value>(self, name: &str) -> Option<(Self, T)> {
        let template = self.template.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
        let literal = literal(template);
        let template = &template[literal.len()..];
        let (value, text) = match template.is_empty() {
            true => (self.text.strip_suffix(literal)?, ""),
            false => self.text.split_once(literal)?,
        };
        Some((Reading { template, text }, T::read(value)?))
    }

    pub fn end<T>(self, read: T) -> Option<T> {
        (self.template.is_empty() && self.text.is_empty()).then_some(read)
    }
}

/// The text up to the next value.
fn literal(template: &'static str) -> &'static str {
    template.split('{').next().unwrap_or_default()
}

/// What can be read back from what it is written as, and from nothing else.
pub trait Value: Sized {
    fn read(text: &str) -> Option<Self>;

    /// One that is hard to read back.
    #[cfg(test)]
    fn sample(place: usize) -> Self;

    /// A text that says what the template says, where this is one.
    #[cfg(test)]
    fn of_template(_: &'static str) -> Self {
        Self::sample(0)
    }
}

/// Texts that are hard to read back.
#[cfg(test)]
pub const HARD: [&str; 7] = ["x", "", "“引号” 'and' \"more\"", "12", " ; , {said} ", "一行\n两行", "。（）:"];

#[cfg(test)]
fn one_of<T: Copy>(all: &[T], place: usize) -> T {
    all[place % all.len()]
}

/// Text: anything.
impl Value for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    #[cfg(test)]
    fn sample(place: usize) -> Self {
        HARD[place].to_owned()
    }

    #[cfg(test)]
    fn of_template(template: &'static str) -> Self {
        template.to_owned()
    }
}

/// A sentence of ours.
impl Value for Box<KeptMessage> {
    fn read(text: &str) -> Option<Self> {
        KeptMessage::read(text).map(Box::new)
    }

    #[cfg(test)]
    fn sample(place: usize) -> Self {
        Box::new(KeptMessage::GaveUp { since: Timestamp::sample(place), patience: u64::sample(place) })
    }
}

impl Value for Timestamp {
    fn read(text: &str) -> Option<Self> {
        let read = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        as_written(Timestamp::from_utc(read.to_utc()), text)
    }

    #[cfg(test)]
    fn sample(place: usize) -> Self {
        Timestamp::from_micros(one_of(&[0, 1, 1_234_567_890_123_456, 253_402_300_799_999_999], place))
    }
}

/// What has its own `FromStr`.
macro_rules! parsed {
    ($($kind:ty: $samples:expr),+ $(,)?) => {
        $(impl Value for $kind {
            fn read(text: &str) -> Option<Self> {
                as_written(text.parse().ok()?, text)
            }

            #[cfg(test)]
            fn sample(place: usize) -> Self {
                one_of(&$samples[..], place)
            }
        })+
    };
}
parsed! {
    u16: [0, 404, u16::MAX],
    u32: [0, 7, u32::MAX],
    u64: [0, 7, u64::MAX],
    i32: [-1, 0, i32::MAX],
    i64: [0, i64::MIN, i64::MAX],
    IpAddr: [IpAddr::from([10, 0, 0, 1]), IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, 1])],
    AddressKind: AddressKind::ALL,
    Answered: Answered::ALL,
    AnsweredOptions: AnsweredOptions::ALL,
    WeChatMeans: WeChatMeans::ALL,
    WeChatEnd: WeChatEnd::ALL,
}

/// None of what would be written otherwise than it was, such as `007`.
fn as_written<T: ToString>(read: T, text: &str) -> Option<T> {
    (read.to_string() == text).then_some(read)
}
