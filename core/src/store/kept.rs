//! Fields of a log that this version does not know: kept, and written again where they stood. So an older binary may
//! work on the logs of a newer one.

use std::cell::RefCell;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Of a log.
#[derive(Clone, Debug, Default)]
pub struct Kept(Vec<Field>);

#[derive(Clone)]
struct Field {
    /// The object that it stands in, as a JSON pointer.
    parent: String,
    name: String,
    value: Value,
}

/// It may be personal data.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").finish_non_exhaustive()
    }
}

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the fields where they stood, as far as that is still there.
    pub(super) fn put_back(&self, log: &mut Value) {
        for Field { parent, name, value } in &self.0 {
            if let Some(object) = log.pointer_mut(parent).and_then(Value::as_object_mut) {
                object.entry(name.as_str()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// A log, of which several parts are read, one after the other; what nobody takes is kept. Structs that deny unknown
/// fields get none to see.
pub struct Reader {
    left: Value,
    kept: Vec<Field>,
}

impl Reader {
    /// Of a log of which nothing is read yet.
    pub fn new(log: Value) -> Self {
        Self { left: log, kept: Vec::new() }
    }

    /// Takes out the fields of this part.
    ///
    /// # Errors
    /// When one is missing or is not understood.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let unknown = RefCell::default();
        let part = T::deserialize(Known { value: self.left.take(), at: String::new(), unknown: &unknown })?;
        let (left, below): (Vec<_>, Vec<_>) =
            unknown.into_inner().into_iter().partition(|field| field.parent.is_empty());
        self.left = Value::Object(left.into_iter().map(|field| (field.name, field.value)).collect());
        self.kept.extend(below);
        Ok(part)
    }

    /// What stands there, before it is taken.
    pub fn peek(&self, pointer: &str) -> Option<&Value> {
        self.left.pointer(pointer)
    }

    /// Gives a field another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(fields) = self.left.as_object_mut()
            && let Some(value) = fields.shift_remove(from)
        {
            fields.insert(to.to_owned(), value);
        }
    }

    /// Gives a field that is not there this value.
    pub fn or_insert(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(fields) = self.left.as_object_mut() {
            fields.entry(name).or_insert_with(|| value.into());
        }
    }

    /// Forgets these fields.
    pub fn drop_keys(&mut self, names: &[&str]) {
        if let Some(fields) = self.left.as_object_mut() {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
    }

    /// What nobody has taken.
    pub(super) fn rest(self) -> Kept {
        let Self { left, mut kept } = self;
        if let Value::Object(left) = left {
            let field = |(name, value)| Field { parent: String::new(), name, value };
            kept.extend(left.into_iter().map(field));
        }
        Kept(kept)
    }
}

/// Shows to each struct the fields that it knows.
struct Known<'a> {
    value: Value,
    /// Where it stands.
    at: String,
    unknown: &'a RefCell<Vec<Field>>,
}

impl Known<'_> {
    fn below(&self, part: &str, value: Value) -> Self {
        let part = part.replace('~', "~0").replace('/', "~1");
        Self { value, at: format!("{}/{part}", self.at), unknown: self.unknown }
    }
}

impl<'de> Deserializer<'de> for Known<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| {
                    let below = self.below(&name, value);
                    (name, below)
                });
                visitor.visit_map(MapDeserializer::new(fields))
            }
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, value)| self.below(&index.to_string(), value));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Some(fields) = self.value.as_object_mut() {
            let names: Vec<String> =
                fields.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
            for name in names {
                if let Some(value) = fields.shift_remove(&name) {
                    self.unknown.borrow_mut().push(Field { parent: self.at.clone(), name, value });
                }
            }
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Known<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        price: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    #[derive(Serialize, Deserialize)]
    struct Outer {
        name: Option<String>,
        lines: Vec<Inner>,
        best: Option<Inner>,
    }

    fn read(log: Value) -> Result<(Outer, Kept), Error> {
        let mut log = Reader::new(log);
        Ok((log.take()?, log.rest()))
    }

    #[test]
    fn what_is_unknown_stays_where_it_stood() {
        let log = json!({
            "name": "a", "colour": { "a/b": [1] }, "lines": [{ "price": 1 }, { "price": 2.5, "~unit": "kg" }],
            "best": { "price": 3, "note": "x", "since": null },
        });
        let (mut outer, kept) = read(log.clone()).unwrap();
        let mut written = serde_json::to_value(&outer).unwrap();
        assert!(written.pointer("/lines/1/~0unit").is_none());
        kept.put_back(&mut written);
        assert_eq!(written["lines"][1]["~unit"], "kg");
        assert_eq!(written["colour"], log["colour"]);
        assert_eq!(written["best"]["since"], Value::Null);
        // What is known and gone does not come back, nor what stood in it.
        outer.best = None;
        outer.lines.pop();
        let mut written = serde_json::to_value(&outer).unwrap();
        kept.put_back(&mut written);
        assert_eq!((&written["best"], written["lines"].as_array().unwrap().len()), (&Value::Null, 1));
    }

    #[test]
    fn nothing_unknown_is_nothing_kept() {
        let (_, kept) = read(json!({ "lines": [] })).unwrap();
        assert!(kept.is_empty());
        assert!(read(json!({ "lines": [{}] })).is_err());
    }
}
