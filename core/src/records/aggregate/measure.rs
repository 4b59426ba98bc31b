//! What is worked out of the records of a group, in the ways that people write it.

use crate::records::currencies::Source;
use crate::records::view::Seen;

const FUNCTIONS: [&str; 5] = ["sum", "avg", "min", "max", "count_distinct"];

/// Something that is worked out of a field.
pub(super) struct Measure {
    pub(super) field: String,
    pub(super) function: String,
    /// The type of what comes of it, where it is no plain number.
    pub(super) kind: &'static str,
    /// Where it is an amount.
    pub(super) currency: Option<Source>,
}

impl Measure {
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.field, self.function)
    }
}

/// How a measure is written: as in Odoo (`amount_total:sum`, `amount_total`, `total:sum(amount_total)`), or as in SQL
/// (`SUM(amount_total)`, `count(*)`, `count(distinct partner_id)`).
pub(super) struct Written<'a> {
    field: &'a str,
    /// Empty where none is written.
    function: String,
}

impl<'a> Written<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.trim();
        let called = text.strip_suffix(')').and_then(|text| text.split_once('('));
        let (function, field) = match called {
            Some((function, field)) => (function.split_once(':').map_or(function, |(_, of)| of), field),
            None => text.split_once(':').map_or(("", text), |(field, function)| (function, field)),
        };
        let (function, field) = (function.trim().to_lowercase(), field.trim());
        let distinct = field.split_once(' ').filter(|(word, _)| word.eq_ignore_ascii_case("distinct"));
        match (function.as_str(), distinct) {
            ("count", Some((_, field))) => {
                Self { field: field.trim(), function: "count_distinct".to_owned() }
            }
            ("average" | "mean", _) => Self { field, function: "avg".to_owned() },
            _ => Self { field, function },
        }
    }

    /// Whether it is the number of records, which is told of every group.
    pub(super) fn is_count(&self, seen: &Seen) -> bool {
        match (self.field, self.function.as_str()) {
            ("__count", _) | ("" | "*" | "id", "count") => true,
            (field, "") => field.eq_ignore_ascii_case("count") && seen.field(field).is_none(),
            _ => false,
        }
    }

    pub(super) fn is(&self, measure: &Measure) -> bool {
        measure.field == self.field && (self.function.is_empty() || measure.function == self.function)
    }

    /// What is meant, or what is wrong with it.
    pub(super) fn measure(self, seen: &Seen) -> Result<Measure, String> {
        let (name, function) = (self.field, if self.function.is_empty() { "sum" } else { &self.function });
        let field = seen.field(name).ok_or_else(|| seen.unknown(name))?;
        if function == "count" {
            return Err(format!(
                "count tells how many records there are, {name}:count_distinct how many different {name}: write which"
            ));
        }
        if !FUNCTIONS.contains(&function) {
            return Err(format!(
                "takes one of {} after the :; records are counted anyway",
                FUNCTIONS.join(", ")
            ));
        }
        let is_number = matches!(field.kind.as_str(), "integer" | "float" | "monetary");
        let is_time = matches!(field.kind.as_str(), "date" | "datetime");
        match function {
            "sum" | "avg" if !is_number => Err(format!("{name} is no number: {function} takes one")),
            "min" | "max" if !is_number && !is_time => Err(format!("{name} is no number and no time")),
            _ if !field.is_sortable() => {
                Err(format!("{name} is worked out when it is read, so nothing is summed up by it"))
            }
            _ => {
                let kind = match (function, field.kind.as_str()) {
                    ("count_distinct", _) => "integer",
                    ("min" | "max", "date") => "date",
                    ("min" | "max", "datetime") => "datetime",
                    _ => "",
                };
                let currency = (function != "count_distinct").then(|| Source::of(seen, field)).flatten();
                Ok(Measure { field: name.to_owned(), function: function.to_owned(), kind, currency })
            }
        }
    }
}
