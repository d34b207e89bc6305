//! What somebody may have meant who wrote a name that there is not.

/// More letters than this are not looked at.
const LETTERS_MAX: usize = 100;

/// The known name that is nearest to `word`, where one is near enough to be a slip of the pen.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.chars().take(LETTERS_MAX).collect::<String>().to_lowercase();
    let word = plain(word);
    let allowed = match word.chars().count() {
        0..=1 => return None,
        2..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &plain(name)), name))
        .filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_told_from_another_word() {
        let known = ["blog", "news", "我的博客", "auto publish"];
        for (word, meant) in [
            ("blgo", Some("blog")),
            ("Blog", Some("blog")),
            ("newz", Some("news")),
            ("我的播客", Some("我的博客")),
            ("auto-publsh", Some("auto publish")),
            ("x", None),
            ("", None),
            ("something else", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
