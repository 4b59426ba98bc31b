//! Customers, found by what people know of them.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::finding::Finding;
use super::lookup::not_blank;
use super::value::text;
use super::words::either;
use super::{Document, Erp, ErpError, Named, ten};
use crate::input::trimmed;
use crate::odoo::{OdooError, Record};

pub(super) const MODEL: &str = "res.partner";
pub(super) const READ: [&str; 6] = ["name", "display_name", "email", "phone", "vat", "parent_id"];
/// So many digits are a number to look for, and so many of a number are the same in every way to write it.
const FEWEST_DIGITS: usize = 5;
const NATIONAL_DIGITS: usize = 10;

/// Which customers to find.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct CustomerQuery {
    /// Name, e-mail, phone, tax id or company
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(not_blank))]
    pub q: String,
    /// At most 50
    #[serde(default = "ten")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

/// Customers that were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customers {
    /// Each
    pub items: Vec<Customer>,
    /// All, if more
    pub total: Option<usize>,
}

/// A customer, or a contact of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Customer {
    /// Id
    pub id: i64,
    /// Name
    pub name: String,
    /// E-mail
    pub email: Option<String>,
    /// Phone
    pub phone: Option<String>,
    /// Tax id
    pub vat: Option<String>,
    /// Whose contact it is
    pub company: Option<Named>,
}

impl Erp {
    /// Customers by name, e-mail, phone, tax id or their company.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn find_customers(&self, query: &CustomerQuery) -> Result<Customers, ErpError> {
        let limit = query.limit.min(50) as usize;
        let found = self.customers(&query.q).await?;
        let total = Some(found.len()).filter(|found| *found > limit);
        let items = found.iter().take(limit).map(customer).collect::<Result<_, OdooError>>()?;
        Ok(Customers { items, total })
    }

    /// The customers that are meant by these words or this number.
    pub(super) async fn customers(&self, query: &str) -> Result<Vec<Record>, OdooError> {
        let known = self.records.fields(MODEL).await?;
        let mobile = known.contains_key("mobile").then_some("mobile");
        // The people who work here are partners, too.
        let outside = known.contains_key("partner_share").then(|| json!(["partner_share", "=", true]));
        let read = READ.into_iter().chain(mobile).collect();
        let numbers: Vec<&str> = ["phone", "vat"].into_iter().chain(mobile).collect();
        let searched = ["name", "email", "parent_id.name"].into_iter().chain(numbers.clone()).collect();
        let among = outside.into_iter().collect();
        let finding = Finding { model: MODEL, among, searched, read, translated: false };
        let digits = digits(query);
        if digits.len() < FEWEST_DIGITS || query.chars().any(char::is_alphabetic) {
            return finding.by_words(self, query).await;
        }
        let wanted = &digits[digits.len().saturating_sub(NATIONAL_DIGITS)..];
        let apart: Vec<String> = wanted.chars().map(String::from).collect();
        let mut found = finding.ask(self, either(&numbers, "ilike", &apart.join("%")), None).await?;
        let has = |record: &Record, field: &str| {
            record.text(field).ok().flatten().is_some_and(|number| self::digits(number).contains(wanted))
        };
        found.retain(|record| numbers.iter().any(|field| has(record, field)));
        match found.is_empty() {
            // There are names without letters.
            true => finding.by_words(self, query).await,
            false => Ok(found),
        }
    }

    pub(super) async fn customer_document(&self, id: i64) -> Result<Document, ErpError> {
        let fields = ["name", "email", "phone", "vat", "parent_id", "city", "country_id", "user_id"];
        let record = self.records.odoo.read_one(MODEL, id, &fields).await?;
        let record = record.ok_or(ErpError::NotFound { what: "customer", id, find: "find_customers" })?;
        let name = |field: &str| Named::of(&record, field).map(|named| named.map(|named| named.name));
        let facts = [
            ("email", text(&record, "email")?),
            ("phone", text(&record, "phone")?),
            ("tax_id", text(&record, "vat")?),
            ("company", name("parent_id")?),
            ("city", text(&record, "city")?),
            ("country", name("country_id")?),
            ("salesperson", name("user_id")?),
        ];
        let title = text(&record, "name")?.unwrap_or_default();
        let body = [format!("Its orders: list_sales with partner_id {id}")];
        Ok(Document::new(
            format!("customer:{id}"),
            title,
            facts,
            &body,
            self.records.odoo.record_url(MODEL, id),
        ))
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn customer(record: &Record) -> Result<Customer, OdooError> {
    let own = text(record, "name")?;
    Ok(Customer {
        id: record.id()?,
        name: own.or(text(record, "display_name")?).unwrap_or_default(),
        email: text(record, "email")?,
        phone: text(record, "phone")?.or(text(record, "mobile")?),
        vat: text(record, "vat")?,
        company: Named::of(record, "parent_id")?,
    })
}
