//! Whether a record matches a compiled domain.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::datum::Datum;
use crate::domain::{Expr, Leaf, Step, Test};
use crate::error::Error;
use crate::names;
use crate::python;
use crate::schema::Model;
use crate::store::Database;

impl Expr {
    /// Whether the record matches.
    pub fn matches(&self, db: &Database, id: i64) -> bool {
        match self {
            Self::Always(answer) => *answer,
            Self::Not(expr) => !expr.matches(db, id),
            Self::All(exprs) => exprs.iter().all(|expr| expr.matches(db, id)),
            Self::Any(exprs) => exprs.iter().any(|expr| expr.matches(db, id)),
            Self::Leaf(leaf) => leaf.matches(db, id),
        }
    }
}

impl Leaf {
    fn matches(&self, db: &Database, id: i64) -> bool {
        // A dotted path asks whether some related record matches, so its negation stays inside.
        match self.path.split_last() {
            Some((last, [])) => self.test.holds(db, last, id) != self.negate,
            Some((last, before)) => {
                let mut ids = vec![id];
                for step in before {
                    ids = ids.iter().flat_map(|id| db.at(&step.model, *id, step.slot).ids()).collect();
                }
                ids.iter().any(|id| self.test.holds(db, last, *id) != self.negate)
            }
            None => false,
        }
    }
}

impl Test {
    fn holds(&self, db: &Database, step: &Step, id: i64) -> bool {
        let value = step.value(db, id);
        let is = |expected: &[Ordering], bound: &Datum| {
            value.normal(&step.kind).compare(bound).is_some_and(|order| expected.contains(&order))
        };
        match self {
            Self::In { values, ids, empty } => {
                if value.is_empty() && *empty {
                    return true;
                }
                if !ids.is_empty() {
                    return value.ids().iter().any(|id| ids.contains(id));
                }
                let value = value.normal(&step.kind);
                values.iter().any(|wanted| value.compare(wanted) == Some(Ordering::Equal))
            }
            Self::Less(bound) => is(&[Ordering::Less], bound),
            Self::LessOrEqual(bound) => is(&[Ordering::Less, Ordering::Equal], bound),
            Self::Greater(bound) => is(&[Ordering::Greater], bound),
            Self::GreaterOrEqual(bound) => is(&[Ordering::Greater, Ordering::Equal], bound),
            Self::Like { pattern, ignore_case } => {
                text(&value).is_some_and(|text| like(&text, pattern, *ignore_case))
            }
            Self::Related(expr) => value.ids().iter().any(|id| expr.matches(db, *id)),
        }
    }
}

/// A record's name.
pub(crate) fn display_name(db: &Database, model: &Model, id: i64) -> String {
    db.value(model, id, "display_name").as_str().unwrap_or_default().to_owned()
}

fn text(value: &Datum) -> Option<String> {
    match value {
        Datum::Text(text) => Some(text.to_string()),
        Datum::Int(number) => Some(number.to_string()),
        Datum::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

/// SQL's LIKE with `%`, `_` and backslash escapes.
pub(crate) fn like(text: &str, pattern: &str, ignore_case: bool) -> bool {
    let fold = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
    let (text, pattern) = (fold(text).chars().collect::<Vec<_>>(), fold(pattern).chars().collect::<Vec<_>>());
    like_chars(&text, &pattern)
}

fn like_chars(text: &[char], pattern: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['%'], _) => true,
        (['%', rest @ ..], _) => {
            (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|tail| like_chars(tail, rest)))
        }
        (['\\', escaped, pattern @ ..], [first, text @ ..]) => first == escaped && like_chars(text, pattern),
        (['_', pattern @ ..], [_, text @ ..]) => like_chars(text, pattern),
        ([wanted, pattern @ ..], [first, text @ ..]) => wanted == first && like_chars(text, pattern),
        (_, []) => false,
    }
}

/// `child_of`: the records named and all below them.
pub(crate) fn children(db: &Database, step: &Step, right: &Value) -> Result<Test, Error> {
    tree(db, step, right, |db, model, id| db.pointing(model, "parent_id", id))
}

/// `parent_of`: the records named and all above them.
pub(crate) fn parents(db: &Database, step: &Step, right: &Value) -> Result<Test, Error> {
    tree(db, step, right, |db, model, id| db.value(model, id, "parent_id").ids())
}

fn tree(
    db: &Database,
    step: &Step,
    right: &Value,
    next: impl Fn(&Database, &Model, i64) -> Vec<i64>,
) -> Result<Test, Error> {
    let model = step.kind.relation().and_then(|name| db.schema.get(name)).unwrap_or(&step.model);
    let mut open = named(db, model, right)?;
    let mut ids: HashSet<i64> = HashSet::new();
    while let Some(id) = open.pop() {
        if ids.insert(id) {
            open.extend(next(db, model, id));
        }
    }
    Ok(Test::In { values: ids.iter().map(|id| Datum::Int(*id)).collect(), ids, empty: false })
}

fn named(db: &Database, model: &Arc<Model>, right: &Value) -> Result<Vec<i64>, Error> {
    if !right.is_string() {
        return Ok(python::ids(right));
    }
    let called = names::called(db, model, "ilike", right)?;
    Ok(db.all(model).filter(|id| called.matches(db, *id)).collect())
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_knows_wildcards_and_escapes() {
        assert!(like("Azure Interior", "%azure%", true));
        assert!(!like("Azure Interior", "%azure%", false));
        assert!(like("S00012", "S000__", false));
        assert!(like("50%", "50\\%", false));
        assert!(!like("501", "50\\%", false));
    }
}
