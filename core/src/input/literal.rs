//! JSON's values as text, also as Python writes them.

use serde_json::Value;

/// What a text says in JSON, or in Python's literals.
pub fn literal(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&from_python(text))).ok()
}

/// Python's literals as JSON's.
fn from_python(text: &str) -> String {
    let (mut json, mut word) = (String::new(), String::new());
    let mut characters = text.chars().peekable();
    let say = |word: &mut String, json: &mut String| {
        json.push_str(match word.as_str() {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            other => other,
        });
        word.clear();
    };
    while let Some(character) = characters.next() {
        if character.is_alphanumeric() || "_.+-".contains(character) {
            word.push(character);
            continue;
        }
        say(&mut word, &mut json);
        match character {
            '(' => json.push('['),
            ')' | ']' => {
                // A tuple of one has a comma, and lists may end in one.
                if json.trim_end().ends_with(',') {
                    json.truncate(json.trim_end().len().saturating_sub(1));
                }
                json.push(']');
            }
            quote @ ('\'' | '"') => {
                let mut text = String::new();
                while let Some(character) = characters.next() {
                    match character {
                        '\\' => text.extend(characters.next()),
                        end if end == quote => break,
                        other => text.push(other),
                    }
                }
                json.push_str(&Value::from(text).to_string());
            }
            other => json.push(other),
        }
    }
    say(&mut word, &mut json);
    json
}
