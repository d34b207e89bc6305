//! One list per word of the product: its variants, and how each is written in SQL, JSON, the CLI and messages.

use super::near::{asked, nearest};

/// Declares an enum whose variants are written as given, with `ALL`, `as_str`, `FromStr`, `Display` and serde.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            #[allow(dead_code, reason = "a list of words inside a module need not be asked for all of them")]
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err($crate::domain::UnknownWord { given: text.to_owned(), known: &[$($text),+] }),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            /// From its word alone: serde would also take an object with the word as its only field.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(|_| serde::de::Error::unknown_variant(&word, &[$($text),+]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use text_enum;

/// A word that is none of the ones possible here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{given}” is not one of {}{}", known.join(", "), asked(nearest(given, known.iter().copied())))]
pub struct UnknownWord {
    pub given: String,
    pub known: &'static [&'static str],
}
