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
        let of = |locale: &str| {
            let language = locale.split(['_', '-', '.', '@']).next()?.trim();
            match language.to_ascii_lowercase().as_str() {
                "es" => Some(Self::Es),
                "en" => Some(Self::En),
                _ => None,
            }
        };
        list.split(':').find_map(of)
    }
}
