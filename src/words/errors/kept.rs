//! What was kept of an attempt: our own words in the reader's language, those of platforms as they are.

use super::{InChinese, chinese};
use crate::domain::kept_word::KeptWord;
use crate::words::{Language, Sentence, Value};

impl InChinese for KeptWord {
    fn in_chinese(&self) -> Sentence {
        match self {
            KeptWord::WantedAgain => chinese("kept-wanted-again"),
            KeptWord::WantedNow => chinese("kept-wanted-now"),
            KeptWord::NotOutTryAgain => chinese("kept-not-out-try-again"),
            KeptWord::NotOut => chinese("kept-not-out"),
            KeptWord::NodeStopped => chinese("kept-node-stopped"),
            KeptWord::LookedUpOnce => chinese("kept-looked-up-once"),
            KeptWord::LookedUpTwice => chinese("kept-looked-up-twice"),
            KeptWord::LookedUpNoTryLeft => chinese("kept-looked-up-no-try-left"),
        }
    }
}

/// Within a sentence.
pub fn kept(text: &str) -> Value {
    text.parse::<KeptWord>().map_or_else(|_| text.into(), |word| word.value())
}

/// Alone.
pub fn kept_in(text: &str, language: Language) -> String {
    text.parse::<KeptWord>().map_or_else(|_| text.to_owned(), |word| word.told(language))
}
