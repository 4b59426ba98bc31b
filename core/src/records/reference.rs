//! Records as callers name them: by id, or by what they are called.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use super::Records;
use super::value::Named;
use super::value::text;
use super::words::{either, literal, pattern, plain};
use crate::input::integer_of;
use crate::names::has_words;
use crate::odoo::{Call, OdooError, Record, SearchRead};

/// The model of users.
pub(crate) const USERS: &str = "res.users";
/// Odoo's ids are 32-bit integers.
const MAX_ID: i64 = i32::MAX as i64;
/// What people know a record by, if not by its name.
const KEYS: [(&str, &[&str]); 7] = [
    ("res.partner", &["email", "ref", "vat"]),
    // Their e-mail address is their partner's, and may be hidden there.
    ("res.users", &["login"]),
    ("product.product", &["default_code", "barcode"]),
    ("product.template", &["default_code", "barcode"]),
    ("res.country", &["code"]),
    ("res.country.state", &["code"]),
    ("account.analytic.account", &["code"]),
];
/// More of one name than anybody reads through.
const LISTED: usize = 20;
/// How many that may be meant are compared.
const COMPARED: u64 = 500;

/// A record that is named by its id or by a name that it alone has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `6`, `"6"`, `[6, "Marc Demo"]`, `{"id": 6}`
    Id(i64),
    /// `"Marc Demo"`
    Name(String),
}

impl Reference {
    /// In whichever form a record is given; an id goes before the name beside it.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(_) => id(integer_of(value)?),
            Value::String(text) => match text.trim() {
                "" => None,
                digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => id(digits.parse().ok()?),
                name => Some(Self::Name(name.to_owned())),
            },
            Value::Array(pair) => match pair.as_slice() {
                [number @ Value::Number(_), Value::String(_)] => Self::of(number),
                _ => None,
            },
            Value::Object(named) => match named.get("id") {
                Some(id) => Self::of(id),
                None => Self::of(named.get("name").filter(|name| name.is_string())?),
            },
            Value::Null | Value::Bool(_) => None,
        }
    }
}

/// As a caller writes it.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn id(id: i64) -> Option<Reference> {
    (1..=MAX_ID).contains(&id).then_some(Reference::Id(id))
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Value::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("must be an id in Odoo, 1 or more, or a name"))
    }
}

/// Why a reference stands for no record.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// There is no such id.
    Missing(i64),
    /// Nothing is called so.
    Nothing(String),
    /// The rules let nobody look for records of this model by text.
    ById(String),
    /// This user does not sell.
    NoSalesperson(i64),
    /// Several are.
    Several(String, Vec<Named>),
    /// Odoo failed.
    Odoo(OdooError),
}

impl From<OdooError> for Unresolved {
    fn from(error: OdooError) -> Self {
        Self::Odoo(error)
    }
}

/// What was meant, for the user: which ids there are to choose from.
impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(id) => write!(f, "there is no record with id {id} that this service may read"),
            Self::NoSalesperson(id) => {
                write!(f, "user {id} is no active internal user: look the salesperson up with find_users")
            }
            Self::ById(model) => {
                write!(f, "must be an id: the access file lets nobody look for records of {model} by text")
            }
            Self::Nothing(name) => {
                write!(f, "nothing in Odoo is called \"{name}\": give its id or its whole name")
            }
            Self::Several(name, candidates) => {
                write!(f, "\"{name}\" may be {}: give the id of one", listed(candidates))
            }
            Self::Odoo(error) => error.fmt(f),
        }
    }
}

/// What a product is called beside its reference: `[FURN_7777] Office Chair`.
fn without_code(name: &str) -> &str {
    name.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(name, |(_, name)| name)
}

/// Names with their ids, so many as somebody reads.
pub(crate) fn listed(candidates: &[Named]) -> String {
    let named = |one: &Named| format!("{} (id {})", one.name, one.id);
    let names = candidates.iter().take(LISTED).map(named).collect::<Vec<_>>().join(", ");
    match candidates.len().saturating_sub(LISTED) {
        0 => names,
        more => format!("{names} or one of {more} more"),
    }
}

impl Records {
    /// The record that is meant: the one with this id, else the only one whose whole name it is, else the only
    /// one of whose name it is a part, in whole words, else the only one that it identifies otherwise ([`KEYS`]).
    pub(crate) async fn resolve(&self, model: &str, reference: &Reference) -> Result<Named, Unresolved> {
        match reference {
            Reference::Id(id) => match self.odoo.read_one(model, *id, &["display_name"]).await? {
                Some(record) => {
                    let name = record.text("display_name")?.unwrap_or_default().to_owned();
                    Ok(Named { id: *id, name })
                }
                None => Err(Unresolved::Missing(*id)),
            },
            Reference::Name(name) => self.called(model, name).await,
        }
    }

    async fn called(&self, model: &str, name: &str) -> Result<Named, Unresolved> {
        let wanted = plain(name);
        let (mut whole, mut part) = (Vec::new(), Vec::new());
        for lang in self.languages().await? {
            let lang = lang.as_deref();
            for one in self.name_search(model, &pattern(name), lang).await? {
                let known = |found: &[Named]| found.iter().any(|known| known.id == one.id);
                match plain(&one.name) {
                    has if (has == wanted || plain(without_code(&one.name)) == wanted) && !known(&whole) => {
                        whole.push(one);
                    }
                    has if has_words(&has, &wanted) && !known(&part) => part.push(one),
                    _ => {}
                }
            }
        }
        let found = match (whole.is_empty(), part.is_empty()) {
            (false, _) => whole,
            (true, false) => part,
            (true, true) => self.identified(model, name).await?,
        };
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (None, _) => Err(Unresolved::Nothing(name.to_owned())),
            (Some(only), None) => Ok(only),
            (Some(one), Some(other)) => {
                let candidates = [one, other].into_iter().chain(found).collect();
                Err(Unresolved::Several(name.to_owned(), candidates))
            }
        }
    }

    /// Those of whom it is the e-mail address, the login, the reference: all of it, but for case.
    async fn identified(&self, model: &str, key: &str) -> Result<Vec<Named>, OdooError> {
        let Some((_, keys)) = KEYS.iter().find(|(known, _)| *known == model) else { return Ok(Vec::new()) };
        let fields = [&["display_name"], *keys].concat();
        let query = SearchRead { fields: &fields, limit: Some(COMPARED), ..SearchRead::default() };
        let domain = either(keys, "=ilike", &literal(key));
        let found = self.odoo.search_read(model, domain.into(), &query).await?;
        // Odoo compares with no more of a text than the field holds: "Usbekistan" finds the country with the code US.
        let is_key = |record: &&Record| {
            keys.iter().any(|field| record.text(field).ok().flatten().map(plain) == Some(plain(key)))
        };
        let named = |record: &Record| {
            Ok(Named { id: record.id()?, name: text(record, "display_name")?.unwrap_or_default() })
        };
        found.iter().filter(is_key).map(named).collect()
    }

    async fn name_search(
        &self,
        model: &str,
        like: &str,
        lang: Option<&str>,
    ) -> Result<Vec<Named>, OdooError> {
        let domain_name = if self.odoo.connection().await?.version.major < 19 { "args" } else { "domain" };
        let mut call = Call::new(model, "name_search")
            .arg("name", like)
            .arg(domain_name, json!([]))
            .arg("operator", "ilike")
            .arg("limit", COMPARED);
        if let Some(lang) = lang {
            call = call.kwarg("context", json!({ "lang": lang }));
        }
        let pair = |pair: &Value| {
            let (id, name) = (pair.get(0)?.as_i64()?, pair.get(1)?.as_str()?);
            Some(Named { id, name: name.to_owned() })
        };
        let found = self.odoo.call(call).await?;
        let found = found.as_array().and_then(|pairs| pairs.iter().map(pair).collect());
        found.ok_or_else(|| OdooError::Malformed("a search by name is no list of ids and names".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_called_so_without_its_reference() {
        assert_eq!(without_code("[FURN_7777] Office Chair"), "Office Chair");
        assert_eq!(without_code("[x"), "[x");
        assert_eq!(without_code("Office [Chair] x"), "Office [Chair] x");
    }

    #[test]
    fn an_id_comes_in_many_forms() {
        for value in
            [json!(6), json!("6"), json!(" 6 "), json!([6, "Marc Demo"]), json!({ "id": 6, "name": "Marc" })]
        {
            assert_eq!(Reference::of(&value), Some(Reference::Id(6)), "{value}");
        }
        for value in [json!("Marc Demo"), json!({ "name": " Marc Demo" })] {
            assert_eq!(Reference::of(&value), Some(Reference::Name("Marc Demo".to_owned())), "{value}");
        }
        for value in [
            json!(0),
            json!(-1),
            json!(6.5),
            json!(true),
            json!(null),
            json!(""),
            json!([6]),
            json!({}),
            json!([6, 7]),
            json!("99999999999"),
        ] {
            assert_eq!(Reference::of(&value), None, "{value}");
        }
    }
}
