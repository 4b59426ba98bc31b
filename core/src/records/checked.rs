//! Values by field name, checked against what Odoo says of its fields before anything is sent.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::{Map, Value, json};

use super::Records;
use super::metadata::{Field, Fields};
use super::reference::{Reference, Unresolved};
use super::value::{day, odoo_datetime};
use super::words::plain;
use crate::html;
use crate::input::{FieldError, integer_of, number_of};
use crate::odoo::{OdooError, Record};

/// Fields that may be meant by an unknown name, at most.
const SUGGESTED: usize = 5;

/// A value that its field takes, and how to tell whether it did.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) field: String,
    pub(crate) kind: String,
    /// As `write` wants it.
    pub(crate) value: Value,
    many: Option<ManyChange>,
    decimals: Option<i32>,
}

/// What becomes of a many2many.
#[derive(Clone, Debug, Default)]
struct ManyChange {
    /// The ids instead of those before.
    set: Option<BTreeSet<i64>>,
    add: BTreeSet<i64>,
    remove: BTreeSet<i64>,
}

/// What a value means, before the records it names were looked up.
pub(super) enum Meant {
    Plain(Value),
    One(Reference),
    Many { set: bool, add: Vec<Reference>, remove: Vec<i64> },
}

impl Checked {
    /// Whether this is what the field holds now.
    pub(crate) fn is_in(&self, before: &Record, after: &Record) -> bool {
        let now = after.as_map().get(&self.field).unwrap_or(&Value::Null);
        let empty = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
        if let Some(many) = &self.many {
            let ids = |record: &Record| record.ids(&self.field).unwrap_or_default().into_iter().collect();
            return ids(after) == many.applied_to(ids(before));
        }
        match (self.kind.as_str(), &self.value, now) {
            ("boolean", wanted, now) => wanted.as_bool() == now.as_bool(),
            ("many2one", wanted, now) if empty(wanted) => empty(now),
            ("many2one", wanted, now) => now.get(0) == Some(wanted),
            ("float" | "monetary" | "integer", wanted, now) => {
                same_number(wanted.as_f64(), if empty(now) { Some(0.0) } else { now.as_f64() })
            }
            ("html", wanted, now) => {
                let text = |value: &Value| value.as_str().map(html::to_text).unwrap_or_default();
                text(wanted) == text(now)
            }
            (_, wanted, now) => {
                let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
                text(wanted) == text(now)
            }
        }
    }

    /// Whether it is a number that stands otherwise than it was given, and is taken for all that. `is_lost`: what Odoo answered.
    pub(crate) fn is_rounded(&self, before: &Record, after: &Record, is_lost: bool) -> bool {
        let [before, now] = [before, after].map(|record| record.float(&self.field).ok().flatten());
        let rounded = |wanted| is_rounded(wanted, (before, now), self.decimals, is_lost);
        matches!(self.kind.as_str(), "float" | "monetary") && self.value.as_f64().is_some_and(rounded)
    }
}

/// Whether Odoo took a number and keeps it in another way: rounded, perhaps to what was there before. Where its answer is
/// lost, somebody else may have changed what it never took.
pub(crate) fn is_rounded(
    wanted: f64,
    (before, now): (Option<f64>, Option<f64>),
    decimals: Option<i32>,
    is_lost: bool,
) -> bool {
    let half = |decimals: i32| 0.5 * 10_f64.powi(-decimals) + 1e-12 * wanted.abs().max(1.0);
    let is_near = |decimals| now.is_some_and(|now| (wanted - now).abs() <= half(decimals));
    (!is_lost && !same_number(before, now)) || decimals.is_some_and(is_near)
}

/// Whether Odoo kept a number.
pub(crate) fn same_number(wanted: Option<f64>, now: Option<f64>) -> bool {
    match (wanted, now) {
        (Some(wanted), Some(now)) => (wanted - now).abs() <= 1e-9 * wanted.abs().max(1.0),
        (wanted, now) => wanted == now,
    }
}

impl ManyChange {
    fn applied_to(&self, before: BTreeSet<i64>) -> BTreeSet<i64> {
        let kept = self.set.clone().unwrap_or(before);
        kept.union(&self.add).filter(|id| !self.remove.contains(id)).copied().collect()
    }
}

/// What finds the record that a value names.
pub(crate) trait Resolve: Sync {
    /// The id of the record that is meant.
    fn id_of(
        &self,
        model: &str,
        reference: &Reference,
    ) -> impl Future<Output = Result<i64, Unresolved>> + Send;
}

/// Why values are not sent.
#[derive(Debug)]
pub(crate) enum Unfit {
    Odoo(OdooError),
    Values { errors: Vec<FieldError>, code: &'static str },
}

/// Why a field is not written by a caller, where there is a reason beside its type.
pub(crate) type Technical = fn(&str, &Field) -> Option<&'static str>;

impl Records {
    /// The values as they may be written, or what is wrong with each that may not.
    pub(crate) async fn checked(
        &self,
        model: &str,
        values: &Map<String, Value>,
        resolve: &impl Resolve,
        technical: Technical,
    ) -> Result<Vec<Checked>, Unfit> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = values.keys().map(String::as_str).collect();
        let fields = self.fields_with(model, &names).await.map_err(Unfit::Odoo)?;
        let (mut meant, mut errors, mut code) = (Vec::new(), Vec::new(), "invalid_value");
        for (name, value) in values {
            let path = format!("values.{name}");
            let Some(field) = fields.get(name) else {
                errors.push(FieldError { path, message: unknown(&fields, name) });
                continue;
            };
            if let Some(reason) = technical(name, field).or_else(|| not_writable(field)) {
                code = "field_not_writable";
                errors.push(FieldError {
                    path,
                    message: format!("cannot be changed with this tool: {reason}"),
                });
                continue;
            }
            match mean(field, value) {
                Ok(value) => meant.push((name, field, value)),
                Err(message) => errors.push(FieldError { path, message }),
            }
        }
        let looked_up = meant.into_iter().map(|(name, field, value)| look_up(resolve, name, field, value));
        let mut checked = Vec::new();
        for found in try_join_all(looked_up).await.map_err(Unfit::Odoo)? {
            match found {
                Ok(value) => checked.push(value),
                Err((error, ambiguous)) => {
                    if ambiguous && errors.is_empty() {
                        code = "ambiguous_name";
                    }
                    errors.push(error);
                }
            }
        }
        match errors.is_empty() {
            true => Ok(checked),
            false => Err(Unfit::Values { errors, code }),
        }
    }
}

/// Names become ids. What names no record is told beside the other bad values; `true` where several may be meant.
pub(super) async fn look_up(
    resolve: &impl Resolve,
    name: &str,
    field: &Field,
    meant: Meant,
) -> Result<Result<Checked, (FieldError, bool)>, OdooError> {
    let relation = field.relation.as_deref().unwrap_or_default();
    let (value, many) = match meant {
        Meant::Plain(value) => (Ok(value), None),
        Meant::One(reference) => (resolve.id_of(relation, &reference).await.map(|id| json!(id)), None),
        Meant::Many { set, add, remove } => {
            let found = try_join_all(add.iter().map(|reference| resolve.id_of(relation, reference))).await;
            match found {
                Ok(ids) => {
                    let add: BTreeSet<i64> = ids.into_iter().collect();
                    let commands: Vec<Value> = match set {
                        true => vec![json!([6, 0, add])],
                        false => {
                            let links = add.iter().map(|id| json!([4, id, 0]));
                            links.chain(remove.iter().map(|id| json!([3, id, 0]))).collect()
                        }
                    };
                    let all = set.then(|| add.clone());
                    let many = ManyChange { set: all, add, remove: remove.into_iter().collect() };
                    (Ok(commands.into()), Some(many))
                }
                Err(error) => (Err(error), None),
            }
        }
    };
    match value {
        Ok(value) => {
            let (kind, decimals) = (field.kind.clone(), field.decimals);
            Ok(Ok(Checked { field: name.to_owned(), kind, value, many, decimals }))
        }
        Err(Unresolved::Odoo(error)) => Err(error),
        Err(unresolved) => {
            let ambiguous = matches!(unresolved, Unresolved::Several(..));
            let error = FieldError { path: format!("values.{name}"), message: unresolved.to_string() };
            Ok(Err((error, ambiguous)))
        }
    }
}

pub(super) fn unknown(fields: &Fields, name: &str) -> String {
    let wanted = plain(name);
    let like = |(field, known): &(&String, &Field)| {
        field.contains(&wanted) || wanted.contains(field.as_str()) || plain(&known.label) == wanted
    };
    let mut meant: Vec<&str> = fields.iter().filter(like).map(|(field, _)| field.as_str()).collect();
    meant.sort_unstable();
    meant.truncate(SUGGESTED);
    match meant.is_empty() {
        true => "there is no field of this name in Odoo".to_owned(),
        false => format!("there is no field of this name in Odoo; there is {}", meant.join(", ")),
    }
}

/// A write is repeated when its answer is lost, so it must change nothing the second time; and what Odoo works
/// out, or does on the way from one state to the next, is not done by writing it.
fn not_writable(field: &Field) -> Option<&'static str> {
    match field.kind.as_str() {
        "one2many" => Some("these are records of their own"),
        _ if field.readonly || !field.is_column() => Some("Odoo works it out itself"),
        "char" | "text" | "html" | "integer" | "float" | "monetary" | "boolean" | "date" | "datetime"
        | "selection" | "many2one" | "many2many" => None,
        _ => Some("values of this type are changed in Odoo"),
    }
}

/// What a value means in a field of this type. Nothing is emptied for want of understanding.
pub(super) fn mean(field: &Field, value: &Value) -> Result<Meant, String> {
    let kind = field.kind.as_str();
    let text = value.as_str().map(str::trim);
    // What Odoo itself writes for an empty field is understood, too.
    let emptied = value.is_null() || (value == &Value::Bool(false) && kind != "boolean") || text == Some("");
    if emptied {
        return empty(field);
    }
    let plain_value = match kind {
        "boolean" => match (value, text.map(str::to_lowercase).as_deref()) {
            (Value::Bool(_), _) => value.clone(),
            (_, Some("true")) => json!(true),
            (_, Some("false")) => json!(false),
            _ => return Err("must be true or false".to_owned()),
        },
        "integer" => match integer_of(value).map(i32::try_from) {
            Some(Ok(number)) => json!(number),
            _ => return Err("must be an integer of 32 bits such as 3".to_owned()),
        },
        "float" | "monetary" => match number_of(value).and_then(|number| number.as_f64()) {
            Some(number) => json!(number),
            None => return Err("must be a number such as 12.5".to_owned()),
        },
        "date" => match text.and_then(day) {
            Some(day) => json!(day),
            None => return Err("must be a date such as 2026-12-31".to_owned()),
        },
        "datetime" => match text.and_then(odoo_datetime) {
            Some(time) => json!(time),
            None => return Err("must be a time in ISO 8601, e.g. 2026-01-30T10:00:00Z".to_owned()),
        },
        "selection" => json!(field.option(value).map_err(|options| format!("must be {options}"))?),
        "many2one" => {
            let reference = Reference::of(value).ok_or("must be an id in Odoo, 1 or more, or a name")?;
            return Ok(Meant::One(reference));
        }
        "many2many" => return many(value),
        kind => match value {
            Value::String(text) if kind == "html" && !html::is_html(text) => json!(html::from_text(text)),
            Value::String(_) => value.clone(),
            Value::Number(number) => json!(number.to_string()),
            _ => return Err("must be a text".to_owned()),
        },
    };
    Ok(Meant::Plain(plain_value))
}

fn empty(field: &Field) -> Result<Meant, String> {
    match field.kind.as_str() {
        _ if field.required => Err("must not be empty".to_owned()),
        "boolean" => Err("must be true or false".to_owned()),
        "integer" | "float" | "monetary" => Err("cannot be empty: give 0".to_owned()),
        "many2many" => Ok(Meant::Many { set: true, add: Vec::new(), remove: Vec::new() }),
        _ => Ok(Meant::Plain(Value::Bool(false))),
    }
}

/// A list of records to hold from now on, or Odoo's commands that link (4), take away (3) and set (6) them.
fn many(value: &Value) -> Result<Meant, String> {
    let wrong = || "must be a list of ids, such as [1, 2], or of names".to_owned();
    let items = value.as_array().ok_or_else(wrong)?;
    let command = |item: &Value| match item.as_array().map(Vec::as_slice) {
        Some([code, id, ..]) if id.is_i64() && item.get(2).is_none_or(|rest| !rest.is_string()) => {
            Some((code.as_i64()?, id.as_i64()?, item.get(2).cloned()))
        }
        _ => None,
    };
    let references =
        |items: &[Value]| -> Option<Vec<Reference>> { items.iter().map(Reference::of).collect() };
    let commands: Vec<_> = items.iter().filter_map(command).collect();
    if commands.is_empty() {
        let add = references(items).ok_or_else(wrong)?;
        return Ok(Meant::Many { set: true, add, remove: Vec::new() });
    }
    if commands.len() < items.len() {
        return Err(wrong());
    }
    if let [(6, _, Some(Value::Array(ids)))] = commands.as_slice() {
        let add = references(ids).ok_or_else(wrong)?;
        return Ok(Meant::Many { set: true, add, remove: Vec::new() });
    }
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for (code, id, _) in commands {
        match code {
            4 => add.push(Reference::of(&json!(id)).ok_or_else(wrong)?),
            3 => remove.push(id),
            _ => return Err("must be a list of ids of records that exist".to_owned()),
        }
    }
    Ok(Meant::Many { set: false, add, remove })
}
