//! The value of one field of one record.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::error::Error;
use crate::properties;
use crate::python;
use crate::schema::Kind;

/// A stored value; [`crate::schema::Kind`] tells how to read it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Datum {
    #[default]
    Empty,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Box<str>),
    Ids(Vec<i64>),
}

impl Datum {
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The record a many2one points to.
    pub fn id(&self) -> Option<i64> {
        if let Self::Int(id) = self { Some(*id) } else { None }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss)]
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Ids(ids) => ids.is_empty(),
            _ => false,
        }
    }

    /// The records a relational value points to.
    pub fn ids(&self) -> Vec<i64> {
        match self {
            Self::Int(id) => vec![*id],
            Self::Ids(ids) => ids.clone(),
            _ => Vec::new(),
        }
    }

    /// What a caller sent for a field of this kind; the commands of x2many fields are not for here.
    pub fn from_json(kind: &Kind, field: &str, value: &Value) -> Result<Self, Error> {
        let wrong = || Error::value(format!("Wrong value for {field}: {}", python::repr(value)));
        if *kind == Kind::Boolean {
            return Ok(Self::Bool(python::truthy(value)));
        }
        if matches!(value, Value::Null | Value::Bool(false)) {
            return Ok(Self::Empty);
        }
        Ok(match kind {
            Kind::Integer | Kind::Many2one(_) | Kind::Many2oneReference(_) => {
                Self::Int(integer(value).ok_or_else(wrong)?)
            }
            Kind::Float | Kind::Monetary => {
                let not_a_number = || match value {
                    Value::String(_) => {
                        Error::value(format!("could not convert string to float: {}", python::repr(value)))
                    }
                    _ => wrong(),
                };
                Self::Float(float(value).ok_or_else(not_a_number)?)
            }
            Kind::Selection(options) => match value.as_str() {
                Some("") => Self::Empty,
                Some(key) if options.iter().any(|(known, _)| *known == key) => Self::text(key),
                _ => return Err(wrong()),
            },
            Kind::Date => match moment(value) {
                None => Self::Empty,
                Some(text) => Self::text(date(text)?),
            },
            Kind::Datetime => match moment(value) {
                None => Self::Empty,
                Some(text) if text.len() == 10 => Self::text(format!("{} 00:00:00", date(text)?)),
                Some(text) => Self::text(datetime(text)?),
            },
            Kind::Json => Self::text(value.to_string()),
            Kind::Properties(..) => Self::text(properties::values(value).ok_or_else(wrong)?.to_string()),
            Kind::PropertiesDefinition if value.is_array() => Self::text(value.to_string()),
            Kind::Reference => match value.as_str().and_then(|text| text.split_once(',')) {
                Some((_, id)) if id.parse::<i64>().is_ok() => Self::text(python::text(value)),
                _ => return Err(wrong()),
            },
            Kind::Html => Self::text(cleaned(&escaped(&html(&python::text(value))))),
            Kind::Char | Kind::Text | Kind::Binary => Self::text(python::text(value)),
            Kind::PropertiesDefinition | Kind::Boolean | Kind::One2many(..) | Kind::Many2many(_) => {
                return Err(wrong());
            }
        })
    }

    /// The plain form: a many2one is its id.
    pub fn to_json(&self, kind: &Kind) -> Value {
        match self {
            Self::Empty => match kind {
                Kind::Integer | Kind::Many2oneReference(_) => json!(0),
                Kind::Float | Kind::Monetary => json!(0.0),
                Kind::One2many(..)
                | Kind::Many2many(_)
                | Kind::Properties(..)
                | Kind::PropertiesDefinition => {
                    json!([])
                }
                _ => json!(false),
            },
            Self::Bool(flag) => json!(flag),
            Self::Int(number) => json!(number),
            Self::Float(number) => json!(number),
            Self::Text(text)
                if matches!(kind, Kind::Json | Kind::Properties(..) | Kind::PropertiesDefinition) =>
            {
                serde_json::from_str(text).unwrap_or(json!(false))
            }
            Self::Text(text) => json!(text),
            Self::Ids(ids) => json!(ids),
        }
    }

    /// Empty numbers are zero and empty booleans false, as in SQL's `COALESCE`.
    pub fn normal(&self, kind: &Kind) -> Self {
        match (self, kind) {
            (Self::Empty, Kind::Integer) => Self::Int(0),
            (Self::Empty, Kind::Float | Kind::Monetary) => Self::Float(0.0),
            (Self::Empty, Kind::Boolean) => Self::Bool(false),
            _ => self.clone(),
        }
    }

    /// SQL's comparison: nothing compares with an empty value.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            _ => self.as_f64()?.partial_cmp(&other.as_f64()?),
        }
    }

    /// The order of `ORDER BY`: empty values last, text without regard to case.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Empty, Self::Empty) => Ordering::Equal,
            (Self::Empty, _) => Ordering::Greater,
            (_, Self::Empty) => Ordering::Less,
            (Self::Text(left), Self::Text(right)) => {
                left.to_lowercase().cmp(&right.to_lowercase()).then_with(|| left.cmp(right))
            }
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(true) => Some(1),
        Value::String(text) => text.trim().parse().ok(),
        #[allow(clippy::cast_possible_truncation)]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(true) => Some(1.0),
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

/// As Python's `strptime` has it.
fn date(text: &str) -> Result<&str, Error> {
    let day = text.get(..10).unwrap_or(text);
    match day.parse::<chrono::NaiveDate>() {
        Ok(_) => Ok(day),
        Err(_) => Err(Error::value(format!(
            "time data {} does not match format '%Y-%m-%d'",
            python::repr(&json!(day))
        ))),
    }
}

fn datetime(text: &str) -> Result<&str, Error> {
    match chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
        Ok(_) => Ok(text),
        Err(_) => Err(Error::value(format!(
            "time data {} does not match format '%Y-%m-%d %H:%M:%S'",
            python::repr(&json!(text))
        ))),
    }
}

fn moment(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// As a browser would read it: markup and entities stay, a `<` that opens no tag is text.
fn html(text: &str) -> String {
    if text.is_empty() || text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut pieces = text.split('<');
    let mut html = format!("<p>{}", pieces.next().unwrap_or_default());
    for piece in pieces {
        let opens_tag = piece.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        html.push_str(if opens_tag { "<" } else { "&lt;" });
        html.push_str(piece);
    }
    html + "</p>"
}

/// Without scripts, as Odoo keeps it.
fn cleaned(html: &str) -> String {
    let Some((before, rest)) = html.split_once("<script") else { return html.to_owned() };
    let after = rest.split_once("</script>").map_or("", |(_, after)| after);
    format!("{before}{}", cleaned(after))
}

/// With each `&` that begins no entity written as one.
fn escaped(html: &str) -> String {
    let mut parts = html.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.split_once(';').map_or("", |(name, _)| name);
        let is_entity = !name.is_empty() && name.chars().all(|c| c == '#' || c.is_ascii_alphanumeric());
        text.push_str(if is_entity { "&" } else { "&amp;" });
        text.push_str(part);
    }
    text
}

/// Plain text as HTML.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_becomes_a_paragraph() {
        let html = Datum::from_json(&Kind::Html, "f", &json!("a < b")).unwrap();
        assert_eq!(html, Datum::text("<p>a &lt; b</p>"));
        let kept = Datum::from_json(&Kind::Html, "f", &json!("<b>x</b>")).unwrap();
        assert_eq!(kept, Datum::text("<b>x</b>"));
        let entities = Datum::from_json(&Kind::Html, "f", &json!("a &lt; b<br>c")).unwrap();
        assert_eq!(entities, Datum::text("<p>a &lt; b<br>c</p>"));
        assert_eq!(escaped("<p>a & b &amp; c; &#39;</p>"), "<p>a &amp; b &amp; c; &#39;</p>");
    }

    #[test]
    fn empty_values_read_as_false_but_numbers_as_zero() {
        assert_eq!(Datum::Empty.to_json(&Kind::Char), json!(false));
        assert_eq!(Datum::Empty.to_json(&Kind::Float), json!(0.0));
        assert_eq!(Datum::Empty.to_json(&Kind::Many2many("res.users")), json!([]));
    }
}
