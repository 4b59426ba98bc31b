//! Answers that a model can read: of one that is too long the longest texts are cut, and say so. Lists were cut before, at a
//! record; what is left is a record with a text longer than all of a list.

use std::io::{self, ErrorKind, Write};

use serde_json::Value;

/// Bytes of JSON: an answer has them twice, structured and as lines that are no longer, and a token is three bytes or more.
const MOST: usize = 40_000;
/// Texts are cut to so many characters, or to half of that, and so on, as far as somebody still reads what it is about.
const LONGEST: usize = 16_000;
const SHORTEST: usize = 250;

/// The answer, with its longest texts cut where all of it is too long.
pub fn shortened(answer: Value) -> Value {
    let is_short = |answer: &Value| serde_json::to_writer(Left(MOST), answer).is_ok();
    if is_short(&answer) {
        return answer;
    }
    let mut most = LONGEST;
    loop {
        let cut = cut(&answer, most);
        most /= 2;
        if is_short(&cut) || most < SHORTEST {
            return cut;
        }
    }
}

/// Counts what is written, and takes so many bytes.
struct Left(usize);

impl Write for Left {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::WriteZero)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn cut(value: &Value, most: usize) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), cut(value, most))).collect()
        }
        Value::Array(items) => items.iter().map(|item| cut(item, most)).collect(),
        Value::String(text) => match text.char_indices().nth(most) {
            Some((end, _)) => {
                let begins = text.get(..end).unwrap_or_default();
                format!("{begins}… [{} characters in all]", text.chars().count()).into()
            }
            None => value.clone(),
        },
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut() {
        let short = json!({ "text": "a".repeat(MOST / 2), "ids": [1, null, true] });
        assert_eq!(shortened(short.clone()), short);
        let long = json!({ "old": "é".repeat(100_000), "new": "x", "lines": ["b".repeat(50_000), 7] });
        let cut = shortened(long);
        assert!(cut.to_string().len() <= MOST);
        assert!(cut["old"].as_str().unwrap().ends_with("é… [100000 characters in all]"));
        assert_eq!((&cut["new"], &cut["lines"][1]), (&json!("x"), &json!(7)));
        let many = json!(vec!["c".repeat(1000); 1000]);
        assert!(shortened(many)[0].as_str().unwrap().ends_with("c… [1000 characters in all]"));
    }
}
