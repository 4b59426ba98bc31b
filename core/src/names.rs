//! Names as they are compared.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// A name without accents, case and doubled spaces. Odoo compares so only where its database is set up for it.
pub fn plain(name: &str) -> String {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let letters = DecomposingNormalizerBorrowed::new_nfd().normalize(name);
    let letters: String = letters.chars().filter(|c| !is_accent(c)).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether all words of one plain name are words of another: part of a name, but no part of a word.
pub fn has_words(name: &str, wanted: &str) -> bool {
    !wanted.is_empty() && wanted.split(' ').all(|word| name.split(' ').any(|has| has == word))
}

#[cfg(test)]
mod tests {
    use super::{has_words, plain};

    #[test]
    fn a_part_of_a_name_is_whole_words() {
        assert!(has_words("marc demo", "demo") && has_words("ana maria torres", "torres ana"));
        assert!(!has_words("marc demo", "arc") && !has_words("mariana", "ana") && !has_words("marc", ""));
    }

    #[test]
    fn names_are_compared_without_accents_and_case() {
        for (one, other) in [("José  Muñoz ", "jose munoz"), ("MÉNDEZ", "me\u{301}ndez"), ("Łódź", "łodz")]
        {
            assert_eq!(plain(one), plain(other));
        }
        assert_ne!(plain("Peña"), plain("Pera"));
    }
}
