//! Names as they are compared.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// A name without accents, case and doubled spaces. Odoo compares so only where its database is set up for it.
pub fn plain(name: &str) -> String {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let letters = DecomposingNormalizerBorrowed::new_nfd().normalize(name);
    let letters: String = letters.chars().filter(|c| !is_accent(c)).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_compared_without_accents_and_case() {
        for (one, other) in [("José  Muñoz ", "jose munoz"), ("MÉNDEZ", "me\u{301}ndez"), ("Łódź", "łodz")]
        {
            assert_eq!(plain(one), plain(other));
        }
        assert_ne!(plain("Peña"), plain("Pera"));
    }
}
