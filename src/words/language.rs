//! Which language a person reads.

/// A language that ContentHub speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::En, Language::Zh];

    /// As it is written in HTML, HTTP and `?lang=`.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Zh => "zh",
        }
    }

    /// The language of a tag or locale, such as `zh-CN`, `zh_TW.UTF-8` or `EN`; none where we do not speak it.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// As programs on a terminal choose: the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty. English
    /// where it names a language that we do not speak.
    pub fn of_environment(read: impl Fn(&str) -> Option<String>) -> Language {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| read(name).filter(|locale| !locale.is_empty()))
            .and_then(|locale| Language::of_tag(&locale))
            .unwrap_or_default()
    }

    /// The language that an `Accept-Language` wants most of those that we speak (RFC 9110, 12.5.4); English where it
    /// wants none of them, or is absent or nonsense.
    pub fn of_request(accept_language: Option<&str>) -> Language {
        let ranges = accept_language.unwrap_or_default().split(',');
        let mut best = (0.0, Language::default());
        for range in ranges {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality =
                parts.find_map(|it| it.trim().strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let language = if tag == "*" { Some(Language::default()) } else { Language::of_tag(tag) };
            if let (Some(language), Some(quality)) = (language, quality)
                && quality > best.0
            {
                best = (quality, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_as_other_programs_do() {
        use Language::{En, Zh};
        for (set, language) in [
            (&[][..], En),
            (&[("LANG", "zh_CN.UTF-8")], Zh),
            (&[("LANG", "zh")], Zh),
            (&[("LANG", "en_US.UTF-8")], En),
            (&[("LANG", "C.UTF-8")], En),
            (&[("LANG", "zhuang")], En),
            (&[("LANG", "de_DE.UTF-8")], En),
            (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], En),
            (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")], Zh),
            (&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "zh_TW@radical")], Zh),
            (&[("LANG", "en"), ("LC_MESSAGES", "en"), ("LC_ALL", "zh_HK")], Zh),
        ] {
            let read =
                |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Language::of_environment(read), language, "{set:?}");
        }
    }

    #[test]
    fn a_request_gets_what_it_wants_most() {
        use Language::{En, Zh};
        for (header, language) in [
            (None, En),
            (Some(""), En),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), Zh),
            (Some("en-GB,en;q=0.9,zh;q=0.8"), En),
            (Some("de, zh;q=0.5, en;q=0.7"), En),
            (Some("de, zh;q=0.7, en;q=0.5"), Zh),
            (Some("fr, ZH-Hant ; q=0.2"), Zh),
            (Some("zh;q=0, en;q=0.1"), En),
            (Some("zh;q=0"), En),
            (Some("*"), En),
            (Some("zh;q=nonsense"), En),
        ] {
            assert_eq!(Language::of_request(header), language, "{header:?}");
        }
    }
}
