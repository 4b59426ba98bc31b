//! Keys that JSON gives twice: parsers take the last one and say nothing, so that what was meant is lost.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Where a key stands for the second time in its object, e.g. `products[1].qty`; `None` also for what is no JSON.
pub fn twice(json: &[u8]) -> Option<String> {
    let mut found = None;
    // The first one ends the reading, as does what is no JSON.
    let _ = At(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(json));
    found
}

/// What is wrong with such a key.
pub const TWICE: &str = "is given twice in one object: give it once";

/// A key without a copy, where it stands as it is.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// More keys than these are sorted to find one that is there twice.
const FEW: usize = 16;

fn repeated<'k>(keys: &'k mut [Cow<'_, str>]) -> Option<&'k str> {
    if keys.len() <= FEW {
        let known = |(at, key): (usize, &Cow<'_, str>)| keys.iter().take(at).any(|other| other == key);
        let at = keys.iter().enumerate().position(known)?;
        return keys.get(at).map(AsRef::as_ref);
    }
    keys.sort_unstable();
    keys.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(one.as_ref()),
        _ => None,
    })
}

/// A value in which a key may stand twice. The path to it is put together on the way back: most have none.
struct At<'a>(&'a mut Option<String>);

impl At<'_> {
    fn below(&mut self, step: impl FnOnce() -> String) {
        if let Some(path) = self.0.take() {
            let dot = if path.starts_with('[') { "" } else { "." };
            *self.0 = Some(format!("{}{dot}{path}", step()));
        }
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
        let mut keys = Vec::with_capacity(FEW);
        while let Some(Key(key)) = object.next_key::<Key<'de>>()? {
            if let Err(error) = object.next_value_seed(At(self.0)) {
                self.below(|| key.into_owned());
                return Err(error);
            }
            keys.push(key);
        }
        match repeated(&mut keys) {
            Some(key) => {
                *self.0 = Some(key.to_owned());
                Err(A::Error::custom(TWICE))
            }
            None => Ok(()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            match list.next_element_seed(At(self.0)) {
                Ok(Some(())) => {}
                Ok(None) => break,
                Err(error) => {
                    self.below(|| format!("[{index}]"));
                    return Err(error);
                }
            }
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
            (r#"{"a": 1, "a""#, None),
            (r#"{"a": "#, None),
            ("", None),
        ];
        for (json, path) in cases {
            assert_eq!(twice(json.as_bytes()).as_deref(), path, "{json}");
        }
        assert_eq!(twice("[".repeat(100_000).as_bytes()), None);
        let many: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":0")).collect();
        assert_eq!(twice(format!("{{{}}}", many.join(",")).as_bytes()), None);
        assert_eq!(twice(format!("{{{},\"k7\":1}}", many.join(",")).as_bytes()).as_deref(), Some("k7"));
    }
}
