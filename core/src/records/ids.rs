//! Which records are meant: one, or several at once.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::input::integer_of;

/// Odoo's ids are 32-bit integers.
const MAX_ID: i64 = i32::MAX as i64;

/// One id, or a list of at most so many, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids<const MOST: usize>(Vec<i64>);

impl<const MOST: usize> Ids<MOST> {
    /// Each, in the order in which they were given.
    pub fn all(&self) -> &[i64] {
        &self.0
    }
}

impl<const MOST: usize> From<i64> for Ids<MOST> {
    fn from(id: i64) -> Self {
        Self(vec![id])
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Ids<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = |message: String| Err(de::Error::custom(message));
        let given = match Value::deserialize(deserializer)? {
            Value::Array(given) if given.is_empty() => return wrong("must have at least one id".to_owned()),
            Value::Array(given) => given,
            one => vec![one],
        };
        let mut ids = Vec::with_capacity(given.len());
        for value in &given {
            match integer_of(value).filter(|id| (1..=MAX_ID).contains(id)) {
                Some(id) if ids.contains(&id) => {}
                Some(_) if ids.len() == MOST => return wrong(format!("must have at most {MOST} ids")),
                Some(id) => ids.push(id),
                None => return wrong("must be an id in Odoo, 1 or more".to_owned()),
            }
        }
        Ok(Self(ids))
    }
}

/// Those that nothing was found of.
pub(super) fn missing<'a>(asked: &[i64], found: impl Iterator<Item = &'a i64>) -> Vec<i64> {
    let found: Vec<&i64> = found.collect();
    asked.iter().filter(|id| !found.contains(id)).copied().collect()
}
