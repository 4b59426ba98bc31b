//! What somebody typed, as one field of a message: it cannot begin another one.

/// The text on one line, without the signs that WhatsApp reads as formatting
/// (<https://faq.whatsapp.com/539178204879377>), cut to so many characters.
pub(super) fn field(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line: String = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let plain = without_formatting(&line);
    if plain.chars().count() <= most {
        return plain;
    }
    plain.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// `*`, `~` and `` ` `` go; `_` goes where it could begin or end italics, and stays inside a word.
fn without_formatting(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters =
        line.chars().filter(|c| !matches!(c, '*' | '~' | '`') && !is_invisible(*c)).peekable();
    while let Some(character) = characters.next() {
        let inside = plain.ends_with(char::is_alphanumeric)
            && characters.peek().is_some_and(|next| next.is_alphanumeric());
        if character != '_' || inside {
            plain.push(character);
        }
    }
    plain.trim().to_owned()
}

/// Signs that turn the direction of what follows, or hide in it.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
