//! What was probably meant by what cannot be read.

use super::fields::Kind;

/// The value that somebody means who writes one that is too large or too small.
pub(super) fn value(kind: Kind, given: u64) -> String {
    match (kind, given) {
        // The end of an hour or a day is the beginning of the next.
        (Kind::Second | Kind::Minute, 60) | (Kind::Hour, 24) => "0".to_owned(),
        (Kind::Day, 32..) => "L".to_owned(),
        _ => if given < u64::from(kind.min()) { kind.min() } else { kind.max() }.to_string(),
    }
}

/// The name that is nearest to a misspelt one, if any is near.
pub(super) fn name(kind: Kind, given: &str) -> Option<&'static str> {
    nearest(kind.names(), given, 2)
}

/// The word of a list that is nearest to one, by at most so many letters that differ. One that begins like it wins.
pub(super) fn nearest(words: &[&'static str], given: &str, most: usize) -> Option<&'static str> {
    let given = given.to_lowercase();
    let begins = words.iter().find(|word| given.len() > word.len() && given.starts_with(**word));
    begins.copied().or_else(|| {
        let near = words.iter().map(|word| (distance(word, &given), *word));
        near.min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= most)
            .map(|(_, word)| word)
    })
}

/// How many letters must be put in, taken out or changed to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// A range that runs backwards, around the end of its field, and turned.
pub(super) fn around(kind: Kind, from: u8, to: u8, written: (&str, &str)) -> [String; 2] {
    let (from_text, to_text) = written;
    let named = from_text.parse::<u8>().is_err();
    // The week ends with Sunday, which is also 7.
    let first = if kind == Kind::Weekday { 1 } else { kind.min() };
    let (last, last_text) = match (kind, named) {
        (Kind::Weekday, true) => (7, "sun".to_owned()),
        (Kind::Month, true) => (12, "dec".to_owned()),
        _ => (kind.max(), kind.max().to_string()),
    };
    let first_text = match kind {
        Kind::Weekday if named => "mon".to_owned(),
        Kind::Month if named => "jan".to_owned(),
        _ => first.to_string(),
    };
    let before = if from >= last { from_text.to_owned() } else { format!("{from_text}-{last_text}") };
    let after = match to {
        _ if to < first => String::new(), // Sunday, which the first part ends with
        _ if to == first => format!(",{to_text}"),
        _ => format!(",{first_text}-{to_text}"),
    };
    [format!("{before}{after}"), format!("{to_text}-{from_text}")]
}
