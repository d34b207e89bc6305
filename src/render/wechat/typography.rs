//! Chinese typography: what stands between two characters where Markdown has a line break or nothing at all.

/// Whether a space is put between Chinese and Latin letters or digits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// A space is put there.
    #[default]
    Spaced,
    /// It is left as it is.
    AsWritten,
}

/// Follows the text of a paragraph, also through its emphases and links.
#[derive(Debug, Default)]
pub struct Typesetter {
    spacing: Spacing,
    previous: Option<char>,
    /// A line of the source has ended since.
    at_break: bool,
    has_chinese: bool,
}

impl Typesetter {
    pub fn new(spacing: Spacing) -> Self {
        Typesetter { spacing, ..Typesetter::default() }
    }

    /// Whether any Chinese was there.
    pub fn has_chinese(&self) -> bool {
        self.has_chinese
    }

    /// The text goes on elsewhere: in another paragraph or cell, or behind a line break.
    pub fn begin(&mut self) {
        (self.previous, self.at_break) = (None, false);
    }

    /// A line of the source ended, which is no line break for readers.
    pub fn line_ended(&mut self) {
        self.at_break = self.previous.is_some();
    }

    /// What stands before a thing within the line that is no text of the author's, such as code.
    pub fn before_thing(&mut self) -> &'static str {
        let space = if self.at_break { " " } else { "" };
        self.begin();
        // A line break behind it is a space, as behind a word.
        self.previous = Some('\u{fffc}');
        space
    }

    /// The text as it is set.
    pub fn set(&mut self, text: &str) -> String {
        let mut set = String::with_capacity(text.len() + text.len() / 16);
        for character in text.chars() {
            if std::mem::take(&mut self.at_break)
                && let Some(previous) = self.previous
                && !is_one_line(previous, character)
                && !character.is_whitespace()
            {
                set.push(' ');
            } else if self.spacing == Spacing::Spaced
                && let Some(previous) = self.previous
                && ((is_ideograph(previous) && is_latin(character))
                    || (is_latin(previous) && is_ideograph(character)))
            {
                set.push(' ');
            }
            self.has_chinese |= is_ideograph(character);
            set.push(character);
            self.previous = Some(character);
        }
        set
    }
}

/// Chinese that goes on in the next line of the source has no space there.
fn is_one_line(left: char, right: char) -> bool {
    let wide = |character| is_ideograph(character) || is_wide_mark(character);
    let or_shared = |character| wide(character) || is_shared_mark(character);
    (wide(left) && or_shared(right)) || (or_shared(left) && wide(right))
}

/// Where no space stands between words: Chinese, and kana.
pub fn is_ideograph(character: char) -> bool {
    matches!(
        u32::from(character),
        0x3005..=0x3007 | 0x3040..=0x30fa | 0x30fc..=0x312f | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
            | 0x2_0000..=0x3_ffff
    )
}

/// Punctuation as wide as an ideograph.
pub fn is_wide_mark(character: char) -> bool {
    matches!(
        u32::from(character),
        0x3000..=0x3004 | 0x3008..=0x3020 | 0x30fb | 0xfe30..=0xfe4f | 0xff01..=0xff0f | 0xff1a..=0xff20
            | 0xff3b..=0xff40 | 0xff5b..=0xff65
    )
}

/// Quotation marks, dashes and dots that Chinese shares with other scripts.
fn is_shared_mark(character: char) -> bool {
    matches!(character, '“' | '”' | '‘' | '’' | '…' | '—' | '·')
}

fn is_latin(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(u32::from(character), 0xc0..=0x24f | 0x370..=0x3ff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], spaced: &str, as_written: &str) {
        for (spacing, wanted) in [(Spacing::Spaced, spaced), (Spacing::AsWritten, as_written)] {
            let mut setter = Typesetter::new(spacing);
            let mut set = String::new();
            for line in lines {
                set.push_str(&setter.set(line));
                setter.line_ended();
            }
            assert_eq!(set, wanted, "{spacing:?}");
        }
    }

    #[test]
    fn chinese_and_latin_stand_apart_where_that_is_wanted() {
        check(&["用Rust写3次"], "用 Rust 写 3 次", "用Rust写3次");
        check(&["用 Rust 写"], "用 Rust 写", "用 Rust 写");
        check(&["平假名のRust"], "平假名の Rust", "平假名のRust");
    }

    #[test]
    fn nothing_is_put_beside_full_width_punctuation() {
        for text in ["他说：“Rust，好。”2026年", "（a）、《b》——c……d"] {
            let mut setter = Typesetter::new(Spacing::Spaced);
            let set = setter.set(text);
            assert_eq!(set.replace("2026 年", "2026年"), text);
        }
    }

    #[test]
    fn a_line_of_the_source_ends_without_a_space_in_chinese_alone() {
        check(&["中文", "中文"], "中文中文", "中文中文");
        check(&["中文，", "中文"], "中文，中文", "中文，中文");
        check(&["他说", "“好”"], "他说“好”", "他说“好”");
        check(&["one", "two"], "one two", "one two");
        check(&["中文", "two"], "中文 two", "中文 two");
        check(&["한국", "어"], "한국 어", "한국 어");
    }
}
