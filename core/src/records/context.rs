//! In which companies, language and time zone a caller works, by Odoo's own names for it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::Records;
use super::error::RecordError;
use super::reference::{Reference, listed};
use super::words::plain;
use crate::access::Workplace;
use crate::odoo::Odoo;
use crate::zone;

/// Odoo leaves archived records out, unless it is told not to.
pub(super) fn archived_too(odoo: &Odoo) -> Odoo {
    odoo.with_context(&Map::from_iter([("active_test".to_owned(), json!(false))]))
}

/// What callers may say of the context of a call: it opens nothing that they could not have without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// Companies by id or name, the current one first
    #[serde(deserialize_with = "companies")]
    #[schemars(with = "Vec<i64>")]
    pub allowed_company_ids: Vec<Reference>,
    /// Language, es_MX
    pub lang: Option<String>,
    /// Time zone of days in group_by, America/Mexico_City
    pub tz: Option<String>,
    /// false: archived, too
    pub active_test: Option<bool>,
}

/// One stands for a list of one.
fn companies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reference>, D::Error> {
    let wrong = || serde::de::Error::custom("must be a list of companies' ids or names");
    let value = Value::deserialize(deserializer)?;
    let of = |one: &Value| Reference::of(one).ok_or_else(wrong);
    match &value {
        Value::Null => Ok(Vec::new()),
        Value::Array(all) => all.iter().map(of).collect(),
        one => Ok(vec![of(one)?]),
    }
}

/// Where a caller works.
impl From<&Workplace> for Context {
    fn from(Workplace { company, lang, tz }: &Workplace) -> Self {
        let allowed_company_ids = company.iter().map(|id| Reference::Id(*id)).collect();
        Self { allowed_company_ids, lang: lang.clone(), tz: tz.clone(), active_test: None }
    }
}

impl Context {
    /// This one, and of another what it leaves open.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let companies = if self.allowed_company_ids.is_empty() { other } else { self };
        Self {
            allowed_company_ids: companies.allowed_company_ids.clone(),
            lang: self.lang.clone().or_else(|| other.lang.clone()),
            tz: self.tz.clone().or_else(|| other.tz.clone()),
            active_test: self.active_test.or(other.active_test),
        }
    }
}

impl Records {
    /// The context as Odoo takes it, which would take some of what is wrong silently.
    pub(super) async fn in_words_of_odoo(
        &self,
        context: &Context,
    ) -> Result<Map<String, Value>, RecordError> {
        let failed = |error| RecordError::Odoo { error, instance: self.instance };
        let mut odoo = Map::new();
        if !context.allowed_company_ids.is_empty() {
            let known = self.companies().await.map_err(failed)?;
            let mut ids = Vec::new();
            for wanted in &context.allowed_company_ids {
                let is_it = |name: &str, id: i64| match wanted {
                    Reference::Id(wanted) => id == *wanted,
                    Reference::Name(wanted) => plain(name) == plain(wanted),
                };
                match known.iter().find(|company| is_it(&company.name, company.id)) {
                    Some(company) => ids.push(company.id),
                    None => {
                        let message = format!("this service works for {}", listed(&known));
                        return Err(RecordError::argument("context.allowed_company_ids", message));
                    }
                }
            }
            odoo.insert("allowed_company_ids".to_owned(), json!(ids));
        }
        if let Some(lang) = &context.lang {
            let codes = self.odoo.languages().await.map_err(failed)?;
            if !codes.contains(lang) {
                let message = format!("this Odoo has {}", codes.join(", "));
                return Err(RecordError::argument("context.lang", message));
            }
            odoo.insert("lang".to_owned(), json!(lang));
        }
        if let Some(tz) = &context.tz {
            zone::check(tz)
                .map_err(|takes| RecordError::argument("context.tz", format!("must be {takes}")))?;
            odoo.insert("tz".to_owned(), json!(tz));
        }
        if let Some(active_test) = context.active_test {
            odoo.insert("active_test".to_owned(), json!(active_test));
        }
        Ok(odoo)
    }
}
