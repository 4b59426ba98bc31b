//! The language of what people read.

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Spanish.
    #[default]
    Es,
    /// English.
    En,
}

impl Language {
    /// The first locale of the list that is Spanish or English.
    ///
    /// gettext uses the same variable: `en_US:en` and `de_DE:es` are lists of locales, most wanted first.
    pub fn from_locales(list: &str) -> Option<Self> {
        list.split(':').find_map(Self::of)
    }

    /// The most wanted one of an `Accept-Language`, such as `en-US,en;q=0.9,es;q=0.5` (RFC 9110, 12.5.4).
    pub fn from_accepted(list: &str) -> Option<Self> {
        let mut most: Option<(f32, Self)> = None;
        for range in list.split(',') {
            let (language, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            if let (Some(language), Some(weight)) = (Self::of(language), weight)
                && weight > most.map_or(0.0, |(weight, _)| weight)
            {
                most = Some((weight, language));
            }
        }
        most.map(|(_, language)| language)
    }

    fn of(locale: &str) -> Option<Self> {
        let language = locale.split(['_', '-', '.', '@']).next()?.trim();
        match language.to_ascii_lowercase().as_str() {
            "es" => Some(Self::Es),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, Es};

    #[test]
    fn the_most_wanted_language_is_taken() {
        for (list, language) in [
            ("en", Some(En)),
            ("EN-us,en;q=0.9,es;q=0.5", Some(En)),
            ("de;q=1, es-MX;q=0.3, en;q=0.7", Some(En)),
            ("es;q=0.8,en;q=0.8", Some(Es)),
            ("en;q=0, es;q=0.001", Some(Es)),
            ("*", None),
            ("de,fr;q=0.5", None),
            ("en;q=much", None),
            ("", None),
        ] {
            assert_eq!(Language::from_accepted(list), language, "{list}");
        }
    }
}
