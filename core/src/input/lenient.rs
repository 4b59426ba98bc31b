//! Reads JSON once, whatever is wrong with it: a bad value is noted, and something harmless read in its place.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Display};

use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{FieldError, MAX_ERRORS, integer_of, number_of, whole};

/// Of a text that is none of those that may stand there, bytes that are told.
const MOST_ECHOED: usize = 40;

/// What was found wrong, and what is known of it from readings before.
#[derive(Default)]
pub(super) struct Notes {
    errors: RefCell<Vec<FieldError>>,
    /// Fields that must be there, by the names of struct and field.
    required: RefCell<HashSet<(&'static str, &'static str)>>,
    /// What a type refuses by a rule of its own: taken as not there.
    refused: RefCell<Vec<FieldError>>,
    /// Where the reading had to stop.
    stopped: RefCell<Option<FieldError>>,
}

impl Notes {
    /// Everything that is wrong.
    pub(super) fn errors(&self) -> Vec<FieldError> {
        let mut errors = self.refused.borrow().clone();
        errors.extend(self.errors.borrow().iter().cloned());
        errors.truncate(MAX_ERRORS);
        errors
    }

    /// Prepares another reading after one that had to stop; false if that would stop in the same place.
    pub(super) fn learn(&self) -> bool {
        if let Some(error) = self.stopped.take() {
            if self.is_refused(&error.path) {
                return false;
            }
            // What is missing is told as that.
            let told = self.errors.borrow().iter().find(|known| known.path == error.path).cloned();
            self.refused.borrow_mut().push(told.unwrap_or(error));
        }
        // Else a missing field stopped it, which is known from now on.
        self.errors.borrow_mut().clear();
        true
    }

    /// What refuses the whole stands nowhere inside it.
    pub(super) fn stop_at_the_whole(&self, stop: &Stop) {
        if let Stop::Refused(message) = stop {
            let whole = || FieldError { path: String::new(), message: message.clone() };
            self.stopped.borrow_mut().get_or_insert_with(whole);
        }
    }

    fn note(&self, at: &Trail<'_>, message: impl Into<String>) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() < MAX_ERRORS {
            errors.push(FieldError { path: at.to_string(), message: message.into() });
        }
    }

    fn is_refused(&self, path: &str) -> bool {
        self.refused.borrow().iter().any(|error| error.path == path)
    }

    fn refuses(&self, at: &Trail<'_>) -> bool {
        !self.refused.borrow().is_empty() && self.is_refused(&at.to_string())
    }
}

/// Where a value stands: `products[3].qty`.
enum Trail<'p> {
    Whole,
    Field(&'p Trail<'p>, &'p str),
    Element(&'p Trail<'p>, usize),
}

impl Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Field(Self::Whole, name) => f.write_str(name),
            Self::Field(object, name) => write!(f, "{object}.{name}"),
            Self::Element(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// Why a reading had to stop.
#[derive(Debug)]
pub(super) enum Stop {
    Missing(&'static str),
    Refused(String),
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "missing field `{field}`"),
            Self::Refused(said) => f.write_str(said),
        }
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: Display>(said: T) -> Self {
        Self::Refused(said.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// A value to be read; `None` stands for one that was noted as bad, and is whatever is asked for.
pub(super) struct Lenient<'a, 'p> {
    value: Option<&'a Value>,
    at: Trail<'p>,
    notes: &'p Notes,
}

impl<'a, 'p> Lenient<'a, 'p> {
    pub(super) fn new(value: &'a Value, notes: &'p Notes) -> Self {
        Self { value: Some(value), at: Trail::Whole, notes }
    }

    /// Notes what is there instead, if anything is.
    fn wrong(&self, expected: &str) {
        let Some(value) = self.value else { return };
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.notes.note(&self.at, format!("expected {expected}, not {is}"));
    }

    /// A whole number, as such or as text.
    fn integer<T: TryFrom<i64> + Default>(&self, expected: &str) -> T {
        let whole = self.value.and_then(integer_of);
        whole.and_then(|number| T::try_from(number).ok()).unwrap_or_else(|| {
            self.wrong(expected);
            T::default()
        })
    }

    fn object(&self) -> Option<&'a Map<String, Value>> {
        let object = self.value.and_then(Value::as_object);
        if object.is_none() {
            self.wrong("an object");
        }
        object
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
            visitor.$visit(self.integer::<$type>($expected))
        })*
    };
}

impl<'a> de::Deserializer<'a> for Lenient<'a, '_> {
    type Error = Stop;

    integers! {
        deserialize_i8 visit_i8 i8, "an integer";
        deserialize_i16 visit_i16 i16, "an integer";
        deserialize_i32 visit_i32 i32, "an integer";
        deserialize_i64 visit_i64 i64, "an integer";
        deserialize_u8 visit_u8 u8, "an integer, 0 or more";
        deserialize_u16 visit_u16 u16, "an integer, 0 or more";
        deserialize_u32 visit_u32 u32, "an integer, 0 or more";
        deserialize_u64 visit_u64 u64, "an integer, 0 or more";
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let number = self.value.and_then(number_of).and_then(|number| number.as_f64());
        visitor.visit_f64(number.unwrap_or_else(|| {
            self.wrong("a number");
            0.0
        }))
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let said = self.value.and_then(Value::as_str).map(|text| text.trim().to_lowercase());
        let answer = match said.as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => self.value.and_then(Value::as_bool),
        };
        visitor.visit_bool(answer.unwrap_or_else(|| {
            self.wrong("true or false");
            false
        }))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value {
            Some(Value::String(text)) => visitor.visit_borrowed_str(text),
            Some(Value::Number(number)) => visitor
                .visit_string(whole(number).map_or_else(|| number.to_string(), |whole| whole.to_string())),
            _ => {
                self.wrong("a string");
                visitor.visit_str("")
            }
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value {
            None | Some(Value::Null) => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let items = self.value.and_then(Value::as_array);
        if items.is_none() {
            self.wrong("a list");
        }
        let items = items.map(Vec::as_slice).unwrap_or_default();
        visitor.visit_seq(Elements { items: items.iter().enumerate(), list: &self })
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let fields = self.object().into_iter().flatten().map(|(name, value)| (name.as_str(), Some(value)));
        visitor.visit_map(Fields {
            fields: fields.collect::<Vec<_>>().into_iter(),
            next: None,
            object: &self,
        })
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let mut fields: Vec<(&'a str, Option<&'a Value>)> = Vec::new();
        let object = self.object();
        for (field, value) in object.into_iter().flatten() {
            let at = Trail::Field(&self.at, field);
            if !known.contains(&field.as_str()) {
                let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                self.notes.note(&at, format!("unknown field `{field}`, expected one of {known}"));
            } else if !self.notes.refuses(&at) {
                fields.push((field, Some(value)));
            }
        }
        for field in known {
            let required = self.notes.required.borrow().contains(&(name, *field));
            if required && fields.iter().all(|(there, _)| there != field) {
                let at = Trail::Field(&self.at, field);
                if object.is_some() && !self.notes.refuses(&at) {
                    self.notes.note(&at, "missing");
                }
                fields.push((field, None));
            }
        }
        let read = visitor.visit_map(Fields { fields: fields.into_iter(), next: None, object: &self });
        if let Err(Stop::Missing(field)) = &read {
            self.notes.required.borrow_mut().insert((name, field));
        }
        read
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let given = self.value.and_then(Value::as_str).map(str::trim);
        let variant = variants.iter().find(|variant| given == Some(**variant)).or_else(|| {
            let expected = format!("one of {}", variants.join(", "));
            match given {
                Some(given) if given.len() <= MOST_ECHOED => {
                    self.notes.note(&self.at, format!("expected {expected}, not {given:?}"));
                }
                _ => self.wrong(&expected),
            }
            variants.first()
        });
        let variant: &str = variant.copied().unwrap_or_default();
        visitor.visit_enum(variant.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value {
            Some(value) => value.deserialize_any(visitor).map_err(|error| Stop::Refused(error.to_string())),
            None => visitor.visit_unit(),
        }
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl<'a, 'p> Lenient<'a, 'p> {
    /// Reads what is inside; the innermost place that stops the reading is where it is told.
    fn inside<T: DeserializeSeed<'a>>(
        &self,
        value: Option<&'a Value>,
        at: Trail<'_>,
        seed: T,
    ) -> Result<T::Value, Stop> {
        let told = seed.deserialize(Lenient { value, at: at.again(), notes: self.notes });
        if let Err(Stop::Refused(message)) = &told {
            let mut stopped = self.notes.stopped.borrow_mut();
            stopped.get_or_insert_with(|| FieldError { path: at.to_string(), message: message.clone() });
        }
        told
    }
}

impl<'p> Trail<'p> {
    fn again(&self) -> Trail<'p> {
        match self {
            Self::Whole => Trail::Whole,
            Self::Field(object, name) => Trail::Field(object, name),
            Self::Element(list, index) => Trail::Element(list, *index),
        }
    }
}

struct Fields<'a, 'p, I> {
    fields: I,
    next: Option<(&'a str, Option<&'a Value>)>,
    object: &'p Lenient<'a, 'p>,
}

impl<'a, I: Iterator<Item = (&'a str, Option<&'a Value>)>> MapAccess<'a> for Fields<'a, '_, I> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        self.next = self.fields.next();
        let key = |(name, _): &(&'a str, _)| seed.deserialize(de::value::BorrowedStrDeserializer::new(name));
        self.next.as_ref().map(key).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let (name, value) = self.next.take().unwrap_or_default();
        self.object.inside(value, Trail::Field(&self.object.at, name), seed)
    }
}

struct Elements<'a, 'p> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
    list: &'p Lenient<'a, 'p>,
}

impl<'a> SeqAccess<'a> for Elements<'a, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        let at = Trail::Element(&self.list.at, index);
        let item = Some(item).filter(|_| !self.list.notes.refuses(&at));
        self.list.inside(item, at, seed).map(Some)
    }
}
