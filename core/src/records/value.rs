//! Odoo's values as readers expect them, and theirs as Odoo does.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::html;
use crate::odoo::{OdooError, Record};

const ODOO: &str = "%Y-%m-%d %H:%M:%S";

/// A record's id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Named {
    /// Id
    pub id: i64,
    /// Name
    pub name: String,
}

impl Named {
    pub(crate) fn of(record: &Record, many2one: &str) -> Result<Option<Self>, OdooError> {
        Ok(record.many2one(many2one)?.map(|(id, name)| Self { id, name: name.to_owned() }))
    }
}

/// A text field.
pub(crate) fn text(record: &Record, field: &str) -> Result<Option<String>, OdooError> {
    Ok(record.text(field)?.map(str::to_owned))
}

/// An HTML field as plain text; one without text is empty.
pub(crate) fn plain(record: &Record, field: &str) -> Result<Option<String>, OdooError> {
    Ok(record.text(field)?.map(html::to_text).filter(|text| !text.is_empty()))
}

/// A date or datetime field in ISO 8601.
pub(crate) fn time(record: &Record, field: &str) -> Result<Option<String>, OdooError> {
    Ok(record.text(field)?.map(iso))
}

/// Odoo's datetimes are UTC; its dates stay as they are.
fn iso(odoo: &str) -> String {
    match NaiveDateTime::parse_from_str(odoo, ODOO) {
        Ok(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => odoo.to_owned(),
    }
}

/// A time as people and models write it, as Odoo wants it. One without an offset is UTC.
pub(crate) fn odoo_datetime(text: &str) -> Option<String> {
    let text = text.trim();
    let with_offset = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.naive_utc());
    let without = || {
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    // A day alone is its noon: the same day nearly everywhere.
    let day = || text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(12, 0, 0));
    let time = with_offset().or_else(without).or_else(day)?;
    Some(time.format(ODOO).to_string())
}

/// A day as Odoo wants it, also written as its beginning.
pub(crate) fn day(text: &str) -> Option<String> {
    let of_time = || odoo_datetime(text)?.strip_suffix(" 00:00:00")?.parse().ok();
    text.parse::<NaiveDate>().ok().or_else(of_time).map(|day| day.to_string())
}

/// Whether a day is given to a field that holds a time.
pub(crate) fn is_day(kind: &str, given: Option<&Value>) -> bool {
    let text = given.and_then(Value::as_str).map(str::trim);
    kind == "datetime" && text.is_some_and(|text| text.parse::<NaiveDate>().is_ok())
}

pub(crate) fn datetime_rule(text: &str, _: &()) -> garde::Result {
    match odoo_datetime(text) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("must be a time in ISO 8601, e.g. 2026-01-30T10:00:00Z")),
    }
}

/// A field's value by the field's type; `None` when it is empty.
pub(crate) fn readable(value: Value, kind: &str) -> Option<Value> {
    match (value, kind) {
        (Value::Bool(false) | Value::Null, kind) if kind != "boolean" => None,
        (Value::Null, _) => None,
        (Value::String(text), "datetime") => Some(iso(&text).into()),
        (Value::String(text), "html") => Some(html::to_text(&text).into()),
        (Value::Array(pair), "many2one") => match pair.as_slice() {
            [id, name] => Some(json!({ "id": id, "name": name })),
            _ => Some(Value::Array(pair)),
        },
        (value, _) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways() {
        for (written, odoo) in [
            ("2026-01-30T10:00:00Z", "2026-01-30 10:00:00"),
            ("2026-01-30T10:00:00-06:00", "2026-01-30 16:00:00"),
            ("2026-01-30T10:00:00", "2026-01-30 10:00:00"),
            ("2026-01-30 10:00:00", "2026-01-30 10:00:00"),
            (" 2026-01-30T10:00 ", "2026-01-30 10:00:00"),
            ("2026-01-30", "2026-01-30 12:00:00"),
        ] {
            assert_eq!(odoo_datetime(written).as_deref(), Some(odoo));
        }
        assert_eq!(odoo_datetime("mañana"), None);
        assert_eq!(iso("2026-01-30 10:00:00"), "2026-01-30T10:00:00Z");
        assert_eq!(iso("2026-01-30"), "2026-01-30");
    }

    #[test]
    fn empty_is_absent_except_for_booleans() {
        assert_eq!(readable(json!(false), "char"), None);
        assert_eq!(readable(json!(false), "boolean"), Some(json!(false)));
        assert_eq!(readable(json!([7, "Ana"]), "many2one"), Some(json!({ "id": 7, "name": "Ana" })));
        assert_eq!(readable(json!([7, 8]), "one2many"), Some(json!([7, 8])));
    }
}
