//! Names as people type them: without minding accents, case, or in which order the words come.

use serde_json::{Value, json};

pub(crate) use crate::names::plain;

/// Letters that some language of Odoo's users writes with an accent.
const ACCENTED: &str = "aeiouync";

/// A text as it stands, for `ilike`: Odoo hands it on to PostgreSQL's LIKE.
pub(crate) fn literal(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// What finds a text with `ilike` whatever accents it is written with, and some others besides: Odoo itself
/// compares without accents only where that is set up. What is found is compared by [`plain`] then.
pub(crate) fn pattern(text: &str) -> String {
    let letter = |letter: char| match ACCENTED.contains(letter) {
        true => "_".to_owned(),
        false => literal(letter.encode_utf8(&mut [0; 4])),
    };
    plain(text).chars().map(letter).collect()
}

/// The words of a query, in any order.
pub(crate) struct Words(Vec<String>);

impl Words {
    pub(crate) fn new(query: &str) -> Self {
        Self(plain(query).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// Finds at least the records that have each word in one of these fields.
    pub(crate) fn domain(&self, fields: &[&str]) -> Vec<Value> {
        self.leaves(fields, pattern)
    }

    /// Finds only those that have each word as it was typed, where so many are found that some are not seen.
    pub(crate) fn strict_domain(&self, fields: &[&str]) -> Vec<Value> {
        self.leaves(fields, literal)
    }

    fn leaves(&self, fields: &[&str], like: impl Fn(&str) -> String) -> Vec<Value> {
        self.0.iter().flat_map(|word| either(fields, "ilike", &like(word))).collect()
    }

    /// Whether each word is in one of these texts.
    pub(crate) fn are_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// The same without the endings of plurals, where there are some: people ask for robots, and Odoo has a robot.
pub(crate) fn singular(query: &str) -> Option<String> {
    let one = |word: &str| {
        let stem = word.strip_suffix("es").or_else(|| word.strip_suffix('s'));
        stem.filter(|stem| stem.len() > 2).unwrap_or(word).to_owned()
    };
    let words = plain(query);
    let stems = words.split(' ').map(one).collect::<Vec<_>>().join(" ");
    (stems != words).then_some(stems)
}

/// The domain of records one of whose fields is like this.
pub(crate) fn either(fields: &[&str], operator: &str, like: &str) -> Vec<Value> {
    let or = fields.iter().skip(1).map(|_| Value::from("|"));
    or.chain(fields.iter().map(|field| json!([field, operator, like]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_leaves_open_what_may_bear_an_accent() {
        assert_eq!(pattern("Méndez  50%_"), r"m__d_z 50\%\_");
        assert_eq!(pattern(r"C:\x"), r"_:\\x");
    }

    #[test]
    fn plurals_lose_their_endings() {
        assert_eq!(singular("Robots PUDU").as_deref(), Some("robot pudu"));
        assert_eq!(singular("sillones grandes").as_deref(), Some("sillon grand"));
        assert_eq!(singular("gas"), None);
    }

    #[test]
    fn words_come_in_any_order() {
        let words = Words::new("Escritorio  GRANDE");
        assert!(words.are_in(&["Gran escritorio", "grandé"]));
        assert!(!words.are_in(&["Escritorio"]));
    }
}
