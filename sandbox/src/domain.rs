//! Search domains: from Odoo's prefix notation to an expression over resolved fields.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::Version;
use crate::datum::Datum;
use crate::error::{Error, Exception};
use crate::matching;
use crate::names;
use crate::periods::{self, Part};
use crate::python;
use crate::schema::{Kind, Model};
use crate::store::Database;

/// A compiled domain.
pub(crate) enum Expr {
    Always(bool),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Leaf(Leaf),
}

/// One condition; `negate` turns the answer of the whole leaf.
pub(crate) struct Leaf {
    pub path: Vec<Step>,
    pub test: Test,
    pub negate: bool,
}

/// A field on the way to the value.
pub(crate) struct Step {
    pub model: Arc<Model>,
    pub slot: usize,
    pub kind: Kind,
    /// What of a date is asked about.
    pub part: Option<Part>,
}

impl Step {
    /// The value of a record at this step.
    pub fn value<'a>(&self, db: &'a Database, id: i64) -> std::borrow::Cow<'a, Datum> {
        let value = db.at(&self.model, id, self.slot);
        match self.part {
            Some(part) => std::borrow::Cow::Owned(part.of(&value)),
            None => value,
        }
    }
}

/// What is asked of the value.
pub(crate) enum Test {
    /// One of these values; or empty, if `empty`.
    In {
        values: Vec<Datum>,
        ids: HashSet<i64>,
        empty: bool,
    },
    Less(Datum),
    LessOrEqual(Datum),
    Greater(Datum),
    GreaterOrEqual(Datum),
    /// SQL's LIKE.
    Like {
        pattern: String,
        ignore_case: bool,
    },
    /// Some related record matches.
    Related(Box<Expr>),
}

const OPERATORS: &[&str] = &[
    "=",
    "!=",
    "<>",
    "==",
    ">",
    ">=",
    "<",
    "<=",
    "=?",
    "in",
    "not in",
    "like",
    "ilike",
    "not like",
    "not ilike",
    "=like",
    "=ilike",
    "child_of",
    "parent_of",
    "any",
    "not any",
];

impl Expr {
    /// Compiles a domain for a model.
    pub fn parse(db: &Database, model: &Arc<Model>, domain: &Value) -> Result<Self, Error> {
        let items = match domain {
            Value::Null | Value::Bool(false) => return Ok(Self::Always(true)),
            Value::Array(items) => items,
            other => {
                return Err(Error::value(format!(
                    "Domain() invalid item in domain: {}",
                    python::repr(other)
                )));
            }
        };
        let mut stack: Vec<Self> = Vec::new();
        let malformed = || {
            let text = python::repr(domain);
            if db.schema.version == Version::V16 {
                let text = format!("This domain is syntactically not correct: {text}");
                return Error::new(Exception::Assertion, text);
            }
            Error::value(match db.schema.version {
                Version::V16 | Version::V18 => format!("Domain {text} is syntactically not correct."),
                Version::V19 => format!("Domain() malformed domain {text}"),
            })
        };
        for item in items.iter().rev() {
            let expr = match item {
                Value::String(operator) => match operator.as_str() {
                    "!" => Self::Not(Box::new(stack.pop().ok_or_else(malformed)?)),
                    "&" | "|" => {
                        let pair =
                            vec![stack.pop().ok_or_else(malformed)?, stack.pop().ok_or_else(malformed)?];
                        if operator == "&" { Self::All(pair) } else { Self::Any(pair) }
                    }
                    _ => return Err(malformed()),
                },
                Value::Array(parts) => leaf(db, model, parts)?,
                _ => return Err(malformed()),
            };
            stack.push(expr);
        }
        stack.reverse();
        Ok(Self::All(stack))
    }

    /// The conditions that every match fulfils.
    pub fn conjuncts(&self) -> Vec<&Leaf> {
        match self {
            Self::All(exprs) => exprs.iter().flat_map(Self::conjuncts).collect(),
            Self::Leaf(leaf) => vec![leaf],
            _ => Vec::new(),
        }
    }
}

/// Whether a domain has a condition on this field itself.
pub(crate) fn mentions(domain: &Value, field: &str) -> bool {
    let items = domain.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .any(|item| item.as_array().and_then(|leaf| leaf.first()).and_then(Value::as_str) == Some(field))
}

fn leaf(db: &Database, model: &Arc<Model>, parts: &[Value]) -> Result<Expr, Error> {
    let [left, operator, right] = parts else {
        return Err(Error::value(match db.schema.version {
            Version::V16 => format!("Invalid leaf {}", python::leaf(parts)),
            Version::V18 => format!("not enough values to unpack (expected 3, got {})", parts.len()),
            Version::V19 => format!("Domain() invalid item in domain: {}", python::repr(&Value::from(parts))),
        }));
    };
    if let (Some(left), Some("=")) = (left.as_i64(), operator.as_str()) {
        return Ok(Expr::Always(right.as_i64() == Some(left)));
    }
    let invalid = || match db.schema.version {
        Version::V16 | Version::V18 => Error::value(format!("Invalid leaf {}", python::leaf(parts))),
        Version::V19 => Error::value(format!("Invalid operator in condition {}", python::leaf(parts))),
    };
    let operator = operator.as_str().map(str::to_lowercase).unwrap_or_default();
    if !OPERATORS.contains(&operator.as_str()) {
        return Err(invalid());
    }
    if db.schema.version == Version::V16 && operator.ends_with("any") {
        return Err(Error::new(Exception::Type, "unhashable type: 'list'"));
    }
    let mut path = path(db, model, left.as_str().unwrap_or_default(), parts)?;
    if let Some(expr) = by_name(db, &mut path, &operator, right)? {
        return Ok(expr);
    }
    let version = db.schema.version;
    let Some(step) = path.last() else { return Err(invalid()) };
    let cut = cut(step, &operator, right);
    let right = &cut;
    let (test, negate) = match operator.as_str() {
        "=?" if !python::truthy(right) => return Ok(Expr::Always(true)),
        "=" | "==" | "=?" | "in" => (equal(step, right), false),
        "!=" | "<>" | "not in" => (equal(step, right), true),
        "child_of" => (matching::children(db, step, right)?, false),
        "parent_of" => (matching::parents(db, step, right)?, false),
        "any" | "not any" => {
            let other = step.kind.relation().and_then(|name| db.schema.get(name)).ok_or_else(invalid)?;
            (Test::Related(Box::new(Expr::parse(db, other, right)?)), operator == "not any")
        }
        "<" => (Test::Less(bound(version, &step.kind, right, false)), false),
        ">=" => (Test::GreaterOrEqual(bound(version, &step.kind, right, false)), false),
        "<=" => (Test::LessOrEqual(bound(version, &step.kind, right, true)), false),
        ">" => (Test::Greater(bound(version, &step.kind, right, true)), false),
        like => like_test(like, right),
    };
    Ok(Expr::Leaf(Leaf { path, test, negate }))
}

/// What is compared with a text is cut to what this holds; a part of it is looked for as it is.
fn cut(step: &Step, operator: &str, right: &Value) -> Value {
    let size = step.model.fields.get(step.slot).and_then(|field| field.size);
    match (size, right) {
        (Some(size), Value::String(text))
            if !matches!(operator, "like" | "ilike" | "not like" | "not ilike") =>
        {
            text.chars().take(size).collect::<String>().into()
        }
        _ => right.clone(),
    }
}

/// One condition.
pub(crate) fn condition(
    db: &Database,
    model: &Arc<Model>,
    field: &str,
    operator: &str,
    right: &Value,
) -> Result<Expr, Error> {
    leaf(db, model, &[Value::from(field), Value::from(operator), right.clone()])
}

/// A condition on what records are called: a text where ids are, or their name itself.
fn by_name(
    db: &Database,
    path: &mut Vec<Step>,
    operator: &str,
    right: &Value,
) -> Result<Option<Expr>, Error> {
    let Some(step) = path.last() else { return Ok(None) };
    let asked = names::positive(operator).unwrap_or(operator);
    let is_text = asked.ends_with("like")
        || matches!(asked, "=" | "==" | "=?" | "in")
            && (right.is_string() || right.as_array().is_some_and(|all| all.iter().any(Value::is_string)));
    let negate = asked != operator;
    if let Some(other) = step.kind.relation().and_then(|name| db.schema.get(name)).filter(|_| is_text) {
        let test = Test::Related(Box::new(names::called(db, other, asked, right)?));
        return Ok(Some(Expr::Leaf(Leaf { path: std::mem::take(path), test, negate })));
    }
    let is_name = step.model.slot("display_name") == Some(step.slot);
    if !is_name || step.model.name_fields.contains(&"display_name") {
        return Ok(None);
    }
    if db.schema.version == Version::V16 {
        // It is not stored, so Odoo passes the condition over.
        return Ok(Some(Expr::Always(true)));
    }
    let called = names::called(db, &step.model, asked, right)?;
    path.pop();
    let called = if negate { Expr::Not(Box::new(called)) } else { called };
    Ok(Some(match path.is_empty() {
        true => called,
        false => {
            let test = Test::Related(Box::new(called));
            Expr::Leaf(Leaf { path: std::mem::take(path), test, negate: false })
        }
    }))
}

fn like_test(operator: &str, right: &Value) -> (Test, bool) {
    let text = if python::truthy(right) { python::text(right) } else { String::new() };
    let pattern = if operator.starts_with('=') { text } else { format!("%{text}%") };
    (Test::Like { pattern, ignore_case: operator.contains("ilike") }, operator.starts_with("not "))
}

fn path(db: &Database, model: &Arc<Model>, dotted: &str, parts: &[Value]) -> Result<Vec<Step>, Error> {
    let mut path: Vec<Step> = Vec::new();
    let mut current = Some(Arc::clone(model));
    for name in dotted.split('.') {
        if let (Some(Step { kind: Kind::Date | Kind::Datetime, .. }), Some(part)) =
            (path.last(), Part::named(name))
            && let Some(last) = path.last_mut()
        {
            last.part = Some(part);
            last.kind = Kind::Integer;
            continue;
        }
        let known = current.as_ref().and_then(|model| Some((Arc::clone(model), model.slot(name)?)));
        let Some((owner, slot)) = known else {
            let place = match db.schema.version {
                Version::V16 | Version::V18 => "leaf",
                Version::V19 => "condition",
            };
            let model = current.map_or(model.name, |model| model.name);
            let mut leaf = parts.to_vec();
            if let Some(left) = leaf.first_mut() {
                *left = Value::from(name);
            }
            return Err(Error::value(format!(
                "Invalid field {model}.{name} in {place} {}",
                python::leaf(&leaf)
            )));
        };
        let kind = owner.fields.get(slot).map_or(Kind::Char, |field| field.kind);
        current = kind.relation().and_then(|name| db.schema.get(name)).cloned();
        path.push(Step { model: owner, slot, kind, part: None });
    }
    Ok(path)
}

fn equal(step: &Step, right: &Value) -> Test {
    let wanted = match right {
        Value::Array(values) => values.clone(),
        single => vec![single.clone()],
    };
    let empty = wanted.iter().any(|value| matches!(value, Value::Null | Value::Bool(false)));
    if step.kind.relation().is_some() {
        let ids: HashSet<_> = wanted.iter().filter_map(Value::as_i64).collect();
        return Test::In { values: ids.iter().map(|id| Datum::Int(*id)).collect(), ids, empty };
    }
    let values: Vec<_> = wanted.iter().map(|value| operand(&step.kind, value)).collect();
    let ids = if is_id(step) { values.iter().filter_map(Datum::id).collect() } else { HashSet::new() };
    Test::In { values, ids, empty: empty && step.kind != Kind::Boolean }
}

/// Whether the path ends in the record's own id.
pub(crate) fn is_id(step: &Step) -> bool {
    step.model.slot("id") == Some(step.slot)
}

fn bound(version: Version, kind: &Kind, right: &Value, end_of_day: bool) -> Datum {
    let moment =
        right.as_str().filter(|_| version == Version::V19 && matches!(kind, Kind::Date | Kind::Datetime));
    let value = match moment.and_then(periods::relative) {
        Some(moment) if *kind == Kind::Date => Datum::text(moment.format("%Y-%m-%d").to_string()),
        Some(moment) => Datum::text(moment.format("%Y-%m-%d %H:%M:%S").to_string()),
        None => operand(kind, right),
    };
    match (kind, value.as_str()) {
        (Kind::Datetime, Some(date)) if date.len() == 10 => {
            Datum::text(format!("{date} {}", if end_of_day { "23:59:59" } else { "00:00:00" }))
        }
        _ => value,
    }
}

fn operand(kind: &Kind, value: &Value) -> Datum {
    match (kind, value) {
        (Kind::Boolean, other) => Datum::Bool(python::truthy(other)),
        (_, Value::Null | Value::Bool(false)) => Datum::Empty.normal(kind),
        (kind, Value::Number(number)) if kind.is_number() => {
            number.as_i64().map_or_else(|| Datum::Float(number.as_f64().unwrap_or_default()), Datum::Int)
        }
        (kind, Value::String(text)) if kind.is_number() => text.parse().map_or(Datum::Empty, Datum::Float),
        (_, other) => Datum::text(python::text(other)),
    }
}
