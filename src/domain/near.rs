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

/// The end of a message: `; did you mean “x”?`, or nothing.
pub fn asked(near: Option<&str>) -> String {
    near.map_or(String::new(), |name| format!("; did you mean “{name}”?"))
}

/// A name that is none of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{given}” is no time zone; write it like Asia/Shanghai{}", asked(*near))]
pub struct NoZone {
    pub given: String,
    /// Which may have been meant.
    pub near: Option<&'static str>,
}

/// What is wrong with the name of a time zone, and which may have been meant: by its whole name, or by its city.
pub fn no_zone(given: &str) -> NoZone {
    let all = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let city = |zone: &'static str| zone.rsplit('/').next().unwrap_or(zone);
    let by_city = || {
        let near = nearest(given, all().map(city).filter(|city| city.len() > 4))?;
        all().find(|zone| city(zone) == near)
    };
    NoZone { given: given.to_owned(), near: nearest(given, all()).or_else(by_city) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_or_its_city() {
        for (given, meant) in [
            ("Europe/Berln", "; did you mean “Europe/Berlin”?"),
            ("asia/shanghai", "; did you mean “Asia/Shanghai”?"),
            ("Shangai", "; did you mean “Asia/Shanghai”?"),
            ("Nowhere/At_All_Whatever", ""),
            ("", ""),
        ] {
            let start = format!("“{given}” is no time zone; write it like Asia/Shanghai");
            assert_eq!(no_zone(given).to_string(), start + meant);
        }
    }

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
