//! Reading an expression, field by field. What cannot be read is told with its column.

use super::error::{CronError, GoesWith, Wrong};
use super::fields::{Field, Fields, Item, Kind};
use super::guess;

/// An example that is whole, for texts of which nothing can be guessed.
const EXAMPLE: &str = "0 9 * * 1-5";

/// The names of common expressions.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A word of the text, and the column of its first character, from 0.
type Word<'a> = (usize, &'a str);

/// What is wrong where, and what may have been meant in its place.
struct Fault {
    column: usize,
    wrong: Wrong,
    /// Texts for the whole field.
    instead: Vec<String>,
}

pub(super) fn read(text: &str) -> Result<Fields, CronError> {
    if text.trim_start().starts_with('@') {
        return nickname(text.trim());
    }
    let words = words(text);
    let kinds = match words.len() {
        5 => &Kind::ALL[1..],
        6 => &Kind::ALL[..],
        _ => return Err(wrong_count(text, &words)),
    };
    let mut fields = Vec::with_capacity(Kind::ALL.len());
    if words.len() == 5 {
        fields.push(Field { kind: Kind::Second, items: vec![Item::Value(0)] });
    }
    for (at, kind) in kinds.iter().enumerate() {
        fields.push(field(*kind, words[at]).map_err(|fault| told(text, &words, at, *kind, fault))?);
    }
    let fields = Box::<[Field; 6]>::try_from(fields).map_err(|_| wrong_count(text, &words))?;
    let [second, minute, hour, day, month, weekday] = *fields;
    let fields = Fields { second, minute, hour, day, month, weekday };
    match fields.impossible_day() {
        None => Ok(fields),
        Some(day) => {
            let at = words.len() - 3;
            let fault =
                Fault { column: words[at].0, wrong: Wrong::NoSuchDay { day }, instead: vec!["L".to_owned()] };
            Err(told(text, &words, at, Kind::Day, fault))
        }
    }
}

fn nickname(text: &str) -> Result<Fields, CronError> {
    match NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        Some((_, expression)) => read(expression),
        None => {
            let known: Vec<&str> = NICKNAMES.iter().map(|(name, _)| *name).collect();
            let instead = guess::nearest(&known, text, 3).map(str::to_owned).into_iter().collect();
            Err(CronError::Nickname { given: text.to_owned(), known, instead })
        }
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut column = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        if !word.is_empty() {
            words.push((column, word));
        }
        column += piece.chars().count();
    }
    words
}

fn wrong_count(text: &str, words: &[Word<'_>]) -> CronError {
    let joined = |words: &[Word<'_>]| words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
    let is_year = |word: &str| matches!(word, "*" | "?") || word.starts_with("19") || word.starts_with("20");
    let has_year = words.len() == 7 && words.last().is_some_and(|(_, word)| is_year(word));
    let guessed = match words.len() {
        7.. => joined(&words[..6]),
        1..=4 => format!("{}{}", joined(words), " *".repeat(5 - words.len())),
        _ => EXAMPLE.to_owned(),
    };
    // Words that are no fields at all are no beginning of an expression either.
    let instead = if read(&guessed).is_ok() { guessed } else { EXAMPLE.to_owned() };
    CronError::FieldCount {
        given: text.trim().to_owned(),
        count: words.len(),
        has_year,
        instead: vec![instead],
    }
}

/// A fault as it is told: with the whole expression in which only the field at fault is another. What could not be read
/// either is not proposed.
fn told(text: &str, words: &[Word<'_>], at: usize, kind: Kind, fault: Fault) -> CronError {
    let with = |at: usize, instead: &str| {
        let mut fields: Vec<String> = words.iter().map(|(_, word)| (*word).to_owned()).collect();
        instead.clone_into(&mut fields[at]);
        fields
    };
    let mut instead: Vec<String> = Vec::new();
    match &fault.wrong {
        Wrong::OtherField { text, kind: owner } => {
            let owners_at = Kind::ALL.iter().rposition(|it| it == owner).map(|it| it + words.len() - 6);
            if let Some(owners_at) = owners_at {
                let mut fields = with(owners_at, text);
                "*".clone_into(&mut fields[at]);
                instead.push(fields.join(" "));
            }
        }
        Wrong::OutOfRange { value, .. } if kind == Kind::Hour && *value != "24" => {
            // Minute and hour, the wrong way round.
            let mut fields = with(at, words[at - 1].1);
            words[at].1.clone_into(&mut fields[at - 1]);
            instead.push(fields.join(" "));
        }
        _ => {}
    }
    let proposed = fault.instead.iter().filter(|it| !it.is_empty());
    instead.extend(proposed.map(|it| with(at, it).join(" ")));
    instead.retain(|expression| can_be_read(expression));
    instead.dedup();
    if instead.is_empty() {
        instead.push(EXAMPLE.to_owned());
    }
    CronError::Field { given: text.to_owned(), kind, column: fault.column + 1, wrong: fault.wrong, instead }
}

/// Whether each field of it can; the proposals for what is proposed are not looked for.
fn can_be_read(expression: &str) -> bool {
    let words = words(expression);
    let kinds = &Kind::ALL[6_usize.saturating_sub(words.len())..];
    words.iter().zip(kinds).all(|(word, kind)| field(*kind, *word).is_ok())
}

fn field(kind: Kind, (column, word): Word<'_>) -> Result<Field, Fault> {
    let parts: Vec<&str> = word.split(',').collect();
    let mut items = Vec::with_capacity(parts.len());
    let mut at = column;
    for (index, part) in parts.iter().enumerate() {
        let with = |instead: &str| {
            let mut parts = parts.clone();
            parts[index] = instead;
            parts.retain(|part| !part.is_empty());
            parts.join(",")
        };
        items.push(item(kind, part).map_err(|(offset, wrong, instead)| Fault {
            column: at + offset,
            wrong,
            instead: instead.iter().map(|it| with(it)).collect(),
        })?);
        at += part.chars().count() + 1;
    }
    let star = items.iter().any(|item| matches!(item, Item::Every));
    if star && items.len() > 1 {
        let wrong = Wrong::BesideStar { text: word.to_owned() };
        return Err(Fault { column, wrong, instead: vec!["*".to_owned()] });
    }
    let (last, workday) = (items.contains(&Item::LastDay), items.contains(&Item::LastWorkday));
    if last && workday {
        let wrong = Wrong::Unclear { text: word.to_owned() };
        return Err(Fault { column, wrong, instead: vec!["L".to_owned(), "LW".to_owned()] });
    }
    Ok(Field { kind, items })
}

/// The offset in the part, what is wrong, and what may be meant in the part's place.
type PartFault = (usize, Wrong, Vec<String>);

fn item(kind: Kind, part: &str) -> Result<Item, PartFault> {
    if part.is_empty() {
        return Err((0, Wrong::NothingThere, vec![String::new()]));
    }
    if let Some((at, character)) = part.chars().enumerate().find(|(_, it)| !is_known(*it)) {
        let without: String = part.chars().filter(|it| is_known(*it)).collect();
        return Err((at, Wrong::Character { character }, vec![without]));
    }
    match (part, kind) {
        ("*", _) | ("?", Kind::Day | Kind::Weekday) => return Ok(Item::Every),
        _ if part.contains('?') => {
            return Err((0, not_here("?", GoesWith::WholeDayOrWeekday), vec!["*".to_owned()]));
        }
        _ => {}
    }
    if let Some(wrong) = negative(kind, part) {
        return Err(wrong);
    }
    let upper = part.to_ascii_uppercase();
    if kind == Kind::Day && upper.starts_with("L-") {
        // Days counted from the last one: neither we nor the library have them.
        return Err((0, Wrong::Unclear { text: part.to_owned() }, vec!["L".to_owned(), "28".to_owned()]));
    }
    if let Some((range, step)) = part.split_once('/') {
        return stepped(kind, part, range, step);
    }
    if let Some((weekday, nth)) = part.split_once('#') {
        return nth_weekday(kind, part, weekday, nth);
    }
    // Of the names, only that of July ends like this.
    if kind != Kind::Month || upper == "L" {
        if let Some(days) = upper.strip_suffix('W') {
            return workday(kind, part, days);
        }
        if let Some(weekday) = upper.strip_suffix('L') {
            return last(kind, part, weekday);
        }
    }
    match part.split_once('-') {
        Some((from, to)) => range(kind, from, to).map(|(from, to)| Item::Range { from, to }),
        None => value(kind, part, 0).map(Item::Value),
    }
}

/// A number below zero, which would be read as a range without a beginning.
fn negative(kind: Kind, part: &str) -> Option<PartFault> {
    let rest = part.strip_prefix('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = (digits > 0).then(|| format!("-{}", &rest[..digits]))?;
    let wrong = Wrong::OutOfRange { value: number, min: kind.min(), max: kind.max() };
    Some((0, wrong, vec![kind.min().to_string(), rest.to_owned()]))
}

fn is_known(character: char) -> bool {
    character.is_ascii_alphanumeric() || "*?/-#".contains(character)
}

fn not_here(text: &str, only: GoesWith) -> Wrong {
    Wrong::NotHere { text: text.to_owned(), only }
}

/// A number or name, `offset` characters into its part.
fn value(kind: Kind, text: &str, offset: usize) -> Result<u8, PartFault> {
    if text.is_empty() {
        return Err((offset, Wrong::NothingThere, Vec::new()));
    }
    if text.chars().all(|it| it.is_ascii_digit()) {
        let number = text.parse::<u64>().unwrap_or(u64::MAX);
        let (min, max) = (kind.min(), kind.max());
        let fitting = u8::try_from(number).ok().filter(|it| (min..=max).contains(it));
        return fitting.ok_or_else(|| {
            (offset, Wrong::OutOfRange { value: text.to_owned(), min, max }, vec![guess::value(kind, number)])
        });
    }
    let position = |names: &[&str]| names.iter().position(|name| name.eq_ignore_ascii_case(text));
    if let Some(at) = position(kind.names()) {
        return Ok(kind.min() + u8::try_from(at).unwrap_or(0));
    }
    let owner = [Kind::Month, Kind::Weekday].into_iter().find(|owner| position(owner.names()).is_some());
    if let Some(owner) = owner {
        return Err((offset, Wrong::OtherField { text: text.to_owned(), kind: owner }, Vec::new()));
    }
    let is_word = !kind.names().is_empty() && text.chars().all(|it| it.is_ascii_alphabetic());
    let wrong = match is_word {
        true => Wrong::UnknownName { text: text.to_owned() },
        false => Wrong::Unclear { text: text.to_owned() },
    };
    Err((offset, wrong, guess::name(kind, text).map(str::to_owned).into_iter().collect()))
}

/// A faulty end of a range, with the whole range in the place of what may be meant.
fn range(kind: Kind, from: &str, to: &str) -> Result<(u8, u8), PartFault> {
    let whole = |text: String| format!("{text}-{to}");
    let first = value(kind, from, 0)
        .map_err(|(at, wrong, instead)| (at, wrong, instead.into_iter().map(whole).collect()))?;
    let whole = |text: String| format!("{from}-{text}");
    let offset = from.chars().count() + 1;
    let last = value(kind, to, offset)
        .map_err(|(at, wrong, instead)| (at, wrong, instead.into_iter().map(whole).collect::<Vec<_>>()))?;
    // A range up to Sunday ends with 7.
    let last = if kind == Kind::Weekday && last == 0 && first > 0 { 7 } else { last };
    if first > last {
        let backwards = Wrong::Backwards { range: format!("{from}-{to}") };
        return Err((0, backwards, guess::around(kind, first, last, (from, to)).to_vec()));
    }
    Ok((first, last))
}

fn stepped(kind: Kind, part: &str, over: &str, step: &str) -> Result<Item, PartFault> {
    let offset = over.chars().count() + 1;
    let whole = over == "*";
    let (from, to) = match over.split_once('-') {
        _ if whole => (kind.min(), kind.min() + kind.size() - 1),
        Some((from, to)) => range(kind, from, to).map_err(|(at, wrong, instead)| {
            (at, wrong, instead.iter().map(|it| format!("{it}/{step}")).collect())
        })?,
        None if over.is_empty() => {
            return Err((0, Wrong::StepOfOne { text: part.to_owned() }, vec![format!("*{part}")]));
        }
        None => {
            value(kind, over, 0)?;
            let instead = format!("{over}-{}/{step}", kind.max());
            return Err((0, Wrong::StepOfOne { text: part.to_owned() }, vec![instead]));
        }
    };
    if step.is_empty() || !step.chars().all(|it| it.is_ascii_digit()) {
        let wrong =
            if step.is_empty() { Wrong::NothingThere } else { Wrong::Unclear { text: step.to_owned() } };
        return Err((offset, wrong, vec![over.to_owned()]));
    }
    let size = to - from + 1;
    match step.parse::<u64>().unwrap_or(u64::MAX) {
        0 => Err((offset, Wrong::StepZero, vec![over.to_owned()])),
        by if by >= u64::from(size) && by > 1 => {
            let first = over.split_once('-').map_or(from.to_string(), |(from, _)| from.to_owned());
            Err((offset, Wrong::StepBeyond { step: step.to_owned(), size }, vec![first]))
        }
        by => Ok(Item::Step { from, to, by: u8::try_from(by).unwrap_or(u8::MAX), whole }),
    }
}

fn nth_weekday(kind: Kind, part: &str, weekday: &str, nth: &str) -> Result<Item, PartFault> {
    if kind != Kind::Weekday {
        return Err((0, not_here(part, GoesWith::Weekday), vec!["*".to_owned()]));
    }
    if weekday.contains('-') {
        return Err((0, Wrong::Nth { text: part.to_owned() }, Vec::new()));
    }
    let weekday_read = value(kind, weekday, 0).map_err(|(at, wrong, instead)| {
        (at, wrong, instead.iter().map(|it| format!("{it}#{nth}")).collect::<Vec<_>>())
    })?;
    match nth.parse::<u8>() {
        Ok(nth @ 1..=5) => Ok(Item::NthWeekday { weekday: weekday_read, nth }),
        _ => {
            let at = weekday.chars().count() + 1;
            Err((at, Wrong::Nth { text: part.to_owned() }, vec![format!("{weekday_read}L")]))
        }
    }
}

fn workday(kind: Kind, part: &str, days: &str) -> Result<Item, PartFault> {
    if kind != Kind::Day {
        return Err((0, not_here(part, GoesWith::Day), vec!["1-5".to_owned(), "*".to_owned()]));
    }
    if days == "L" {
        return Ok(Item::LastWorkday);
    }
    if days.is_empty() || days.contains('-') {
        return Err((0, Wrong::Unclear { text: part.to_owned() }, vec!["LW".to_owned(), "15W".to_owned()]));
    }
    let day = value(kind, days, 0).map_err(|(at, wrong, _)| (at, wrong, vec!["LW".to_owned()]))?;
    Ok(Item::NearestWorkday(day))
}

fn last(kind: Kind, part: &str, weekday: &str) -> Result<Item, PartFault> {
    match kind {
        Kind::Day if weekday.is_empty() => Ok(Item::LastDay),
        Kind::Day => Err((0, not_here(part, GoesWith::Weekday), vec!["L".to_owned()])),
        Kind::Weekday if weekday.is_empty() => Err((0, Wrong::LastOfWhat, vec!["5L".to_owned()])),
        Kind::Weekday => Ok(Item::LastWeekday(value(kind, weekday, 0)?)),
        Kind::Second | Kind::Minute | Kind::Hour | Kind::Month => {
            Err((0, not_here(part, GoesWith::DayAndWeekday), vec![kind.max().to_string()]))
        }
    }
}
