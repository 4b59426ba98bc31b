//! Any number of partners that take no memory: each value follows from the id.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::datum::Datum;
use crate::schema::{Field, Model};

/// The first id; those below are the demo data's.
const FIRST: i64 = 1_001;

/// The model they are of.
pub(crate) const MODEL: &str = "res.partner";

/// The records of a table that are worked out, but for those that were changed or deleted.
#[derive(Clone, Default)]
pub(crate) struct Bulk {
    pub ids: Range<i64>,
    pub gone: BTreeSet<i64>,
}

impl Bulk {
    pub fn new(count: u32) -> Self {
        Self { ids: FIRST..FIRST + i64::from(count), gone: BTreeSet::new() }
    }

    pub fn has(&self, id: i64) -> bool {
        self.ids.contains(&id) && !self.gone.contains(&id)
    }
}

/// One value; those of indexed fields are empty, for no index knows them.
pub(crate) fn value(field: &Field, id: i64) -> Datum {
    let number = id - FIRST + 1;
    let pick = |of: &[&str]| {
        let place = usize::try_from(number).unwrap_or_default() % of.len().max(1);
        of.get(place).map_or(Datum::Empty, |text| Datum::text(*text))
    };
    match field.name.as_ref() {
        "name" => Datum::text(format!("Contact {number:07}")),
        "ref" => Datum::text(format!("C{number:07}")),
        "street" => Datum::text(format!("Calle {}", number % 1_000)),
        "city" => pick(&["Guadalajara", "Monterrey", "Ciudad de México", "Madrid", "Brussels"]),
        "zip" => Datum::text(format!("{:05}", number % 100_000)),
        "is_company" => Datum::Bool(number % 10 == 0),
        "color" => Datum::Int(number % 12),
        "create_date" | "write_date" => Datum::text("2026-01-01 00:00:00"),
        "create_uid" | "write_uid" => Datum::Int(crate::env::ADMIN),
        _ if field.indexed || !field.is_stored() => Datum::Empty,
        _ => field.default.clone(),
    }
}

/// The whole record.
pub(crate) fn row(model: &Model, id: i64) -> Vec<Datum> {
    model.fields.iter().map(|field| value(field, id)).collect()
}
