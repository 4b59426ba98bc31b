//! Keys that JSON gives twice: parsers take the last one and say nothing, so that what was meant is lost.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Where a key stands for the second time in its object, e.g. `products[1].qty`; `None` also for what is no JSON.
pub fn twice(json: &[u8]) -> Option<String> {
    let mut found = None;
    let at = At { found: &mut found, path: &mut String::new() };
    // The first one ends the reading, as does what is no JSON.
    let _ = at.deserialize(&mut serde_json::Deserializer::from_slice(json));
    found
}

/// What is wrong with such a key.
pub const TWICE: &str = "is given twice in one object: give it once";

/// The value at a path.
struct At<'a> {
    found: &'a mut Option<String>,
    path: &'a mut String,
}

impl At<'_> {
    /// Does this with what is at a longer path.
    fn within<T>(&mut self, step: &str, what: impl FnOnce(At<'_>) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(step);
        let done = what(At { found: self.found, path: self.path });
        self.path.truncate(length);
        done
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let mut known = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            let step = if self.path.is_empty() { key.clone() } else { format!(".{key}") };
            if !known.insert(key) {
                *self.found = Some(format!("{}{step}", self.path));
                return Err(A::Error::custom(TWICE));
            }
            self.within(&step, |value| object.next_value_seed(value))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        while self.within(&format!("[{index}]"), |value| list.next_element_seed(value))?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::twice;

    #[test]
    fn the_second_is_found_wherever_it_is() {
        let cases = [
            (r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": null}]}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("a")),
            (r#"{"a": 1, "\u0061": 1}"#, Some("a")),
            (r#"{"p": [{}, {"qty": 1, "x": true, "qty": 2.5}]}"#, Some("p[1].qty")),
            (r#"[[{"k": "v", "k": "v"}]]"#, Some("[0][0].k")),
            (r#"{"a": {"b": 1}, "a.b": 1}"#, None),
            (r#"{"a": 1, "a""#, Some("a")),
            (r#"{"a": "#, None),
            ("", None),
        ];
        for (json, path) in cases {
            assert_eq!(twice(json.as_bytes()).as_deref(), path, "{json}");
        }
        assert_eq!(twice("[".repeat(100_000).as_bytes()), None);
    }
}
