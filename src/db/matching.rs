//! Texts that are found by a part of them.

/// What takes their meaning from the signs of LIKE in a [`part`]: SQLite knows of none unless it is told.
pub const ESCAPE: char = '\\';

/// The pattern of LIKE for texts that hold this one anywhere, as it is written.
pub fn part(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if ['%', '_', ESCAPE].contains(&letter) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_for_themselves() {
        assert_eq!(part("a_b%\\é"), "%a\\_b\\%\\\\é%");
        assert_eq!(part(""), "%%");
    }
}
