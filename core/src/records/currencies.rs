//! In which currency the amounts of groups are. Odoo sums them up as if there were one: a sum of several is no amount.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::metadata::Field;
use super::told::currency_field;
use super::view::Seen;
use crate::odoo::{Odoo, OdooError, SearchRead};

/// The company of a record.
const COMPANY: &str = "company_id";

/// Where Odoo keeps the currency of an amount.
pub(super) enum Source {
    /// In this column beside it.
    Column(String),
    /// With the company of the record, or of whoever reads.
    Company {
        /// Whether a column of the record says which.
        of_record: bool,
    },
    /// It is worked out for each record.
    Record,
}

/// What Odoo knows of currencies.
#[derive(Default)]
pub(crate) struct Currencies {
    names: HashMap<i64, String>,
    /// By company.
    of_companies: HashMap<i64, i64>,
}

impl Source {
    /// Of the amounts in this field; nothing where they are none, or nobody may see in which currency they are.
    pub(super) fn of(seen: &Seen, field: &Field) -> Option<Self> {
        let name = (field.kind == "monetary").then(|| currency_field(field))?;
        let currency = seen.field(name)?;
        let of_company = |path: &String| path == COMPANY || path == "company_id.currency_id";
        let has_company = || seen.field(COMPANY).is_some_and(Field::is_column);
        Some(match (&currency.related, currency.depends.as_slice()) {
            _ if currency.is_column() => Self::Column(name.to_owned()),
            (Some(path), _) if of_company(path) => Self::Company { of_record: has_company() },
            (None, depends) if depends.iter().all(of_company) => {
                Self::Company { of_record: !depends.is_empty() && has_company() }
            }
            _ => Self::Record,
        })
    }

    /// The column that is looked at.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) => Some(name),
            Self::Company { of_record: true } => Some(COMPANY),
            Self::Company { of_record: false } | Self::Record => None,
        }
    }

    /// An amount of a group in its currency. `ends` are the least and the greatest of a column in it, of one that is not
    /// grouped by.
    pub(super) fn told(
        &self,
        amount: Value,
        group: &Map<String, Value>,
        ends: impl Fn(&str) -> [Option<i64>; 2],
        (known, companies): (&Currencies, &[i64]),
    ) -> Value {
        let of_group = |name: &str| Some(group.get(name)?.get(0).and_then(Value::as_i64));
        let (currency, instead) = match self {
            Self::Column(name) => match of_group(name).map_or_else(|| ends(name), |id| [id, id]) {
                [least, greatest] if least == greatest => (least, None),
                _ => (None, Some(format!("several currencies: add {name} to group_by"))),
            },
            Self::Company { .. } => {
                let column = self.column();
                let currency = match column.and_then(of_group).flatten() {
                    Some(company) => known.of_companies.get(&company).copied(),
                    None => known.only_of(companies, column.map(ends).unwrap_or_default()),
                };
                let instead =
                    "perhaps several currencies: add company_id to group_by, or give one in context";
                (currency, currency.is_none().then(|| instead.to_owned()))
            }
            Self::Record => (None, Some("perhaps several currencies: search_records tells each".to_owned())),
        };
        match (instead, currency.and_then(|id| known.names.get(&id))) {
            (Some(instead), _) => json!({ "mixed": instead }),
            (None, Some(name)) => json!({ "amount": amount, "currency": name }),
            (None, None) => amount,
        }
    }
}

impl Currencies {
    /// Asks for them.
    pub(super) async fn read(odoo: &Odoo) -> Result<Self, OdooError> {
        let query = |fields| SearchRead { fields, ..SearchRead::default() };
        // Documents may be in one that is not used any more.
        let all = json!([["active", "in", [true, false]]]);
        let (currency, company) = (query(&["name"]), query(&["currency_id"]));
        let (currencies, companies) = tokio::try_join!(
            odoo.search_read("res.currency", all, &currency),
            odoo.search_read("res.company", json!([]), &company),
        )?;
        let mut known = Self::default();
        for currency in &currencies {
            known.names.insert(currency.id()?, currency.text("name")?.unwrap_or_default().to_owned());
        }
        for company in &companies {
            let (id, currency) = (company.id()?, company.many2one("currency_id")?);
            known.of_companies.extend(currency.map(|(currency, _)| (id, currency)));
        }
        Ok(known)
    }

    /// The one that all of these companies have, all there are where none is said: that of a record without a company is
    /// one of theirs. So must those be of the companies from the least to the greatest of the records: not every model is
    /// bound to the companies that are worked in.
    fn only_of(&self, companies: &[i64], ends: [Option<i64>; 2]) -> Option<i64> {
        if ends.iter().flatten().any(|end| !self.of_companies.contains_key(end)) {
            return None;
        }
        let [least, greatest] = ends;
        let is_between = |id: i64| least.is_some_and(|it| it <= id) && greatest.is_some_and(|it| id <= it);
        let is_meant = |id: i64| companies.is_empty() || companies.contains(&id) || is_between(id);
        let mut of = self.of_companies.iter().filter(|(company, _)| is_meant(**company)).map(|(_, id)| *id);
        let first = of.next()?;
        of.all(|other| other == first).then_some(first)
    }
}
