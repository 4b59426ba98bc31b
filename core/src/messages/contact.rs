//! Who is told, and under which number: what Odoo knows of the customer's salesperson and quotation.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::letter::{Order, Product};
use crate::odoo::{Odoo, OdooError, Record, SearchRead};
use crate::phone::{CountryCode, Phone};
use crate::quotation::error::QuotationError;
use crate::quotation::salespeople::Salespeople;

/// Lines that are read of a quotation: more than any message names.
const LINES: u64 = 1000;

/// What Odoo knows of salespeople and quotations.
pub(super) struct Directory {
    odoo: Odoo,
    salespeople: Salespeople,
    country: CountryCode,
    /// Odoo 19 has no `mobile` on users; asked once.
    has_mobile: Arc<OnceCell<bool>>,
}

/// A salesperson, with the number that can be used.
#[derive(Default)]
pub(super) struct Contact {
    pub user_id: Option<i64>,
    pub phone: Option<Phone>,
}

impl Directory {
    pub(super) fn new(odoo: Odoo, salespeople: Salespeople, country: CountryCode) -> Self {
        Self { odoo, salespeople, country, has_mobile: Arc::default() }
    }

    /// What it knows where this company works; where none is said, the account's own.
    pub(super) fn of_company(&self, company: Option<i64>) -> Self {
        let elsewhere = company.filter(|id| self.odoo.company() != Some(*id));
        Self {
            odoo: elsewhere.map_or_else(|| self.odoo.clone(), |id| self.odoo.for_company(id)),
            salespeople: self.salespeople.of_company(elsewhere),
            country: self.country,
            has_mobile: Arc::clone(&self.has_mobile),
        }
    }

    /// That the account works for the company that is asked about.
    pub(super) async fn check(&self) -> Result<(), QuotationError> {
        self.salespeople.company_is_open().await
    }

    /// The number of a user: `phone`, else `mobile`; none where both are empty, masked or no numbers.
    pub(super) async fn contact(&self, user_id: i64) -> Result<Contact, OdooError> {
        let fields: &[&str] = if self.has_mobile().await? { &["phone", "mobile"] } else { &["phone"] };
        let users = self.odoo.read("res.users", &[user_id], fields).await?;
        let usable = |user: &Record, field: &str| {
            let text = user.text(field).ok().flatten()?;
            Phone::parse(text, self.country).ok()
        };
        let phone = users.first().and_then(|user| usable(user, "phone").or_else(|| usable(user, "mobile")));
        Ok(Contact { user_id: Some(user_id), phone })
    }

    /// The salesperson of an opportunity, else of a quotation, else the one with the least work; and the quotation.
    /// One call each for the opportunity, the quotation and its lines, all at once.
    pub(super) async fn of(
        &self,
        lead_id: Option<i64>,
        order_id: Option<i64>,
    ) -> Result<(Contact, Option<Order>), OdooError> {
        let orders = match (order_id, lead_id) {
            (Some(id), _) => Some((json!(["id", "=", id]), json!(["order_id", "=", id]))),
            (None, Some(id)) => {
                Some((json!(["opportunity_id", "=", id]), json!(["order_id.opportunity_id", "=", id])))
            }
            (None, None) => None,
        };
        let (order, lines) = orders.unzip();
        let (lead_user, order, lines, _) = tokio::try_join!(
            unless_refused(self.lead_user(lead_id)),
            unless_refused(self.order(order)),
            unless_refused(self.lines(lines)),
            // For the number, which is asked for next.
            self.has_mobile(),
        )?;
        let order_user = order.as_ref().map(|order| order.many2one("user_id")).transpose()?.flatten();
        let user = lead_user.or(order_user.map(|(user, _)| user));
        let contact = match user {
            Some(user) => self.contact(user).await?,
            None => self.least_loaded().await?,
        };
        Ok((contact, order.map(|order| told(&order, lines.unwrap_or_default())).transpose()?))
    }

    async fn least_loaded(&self) -> Result<Contact, OdooError> {
        // Only asked for: a handoff is no opportunity.
        match self.salespeople.least_loaded().await {
            Ok(claim) => self.contact(claim.user_id()).await,
            Err(QuotationError::Odoo(error)) => Err(error),
            Err(_) => Ok(Contact::default()),
        }
    }

    async fn lead_user(&self, lead: Option<i64>) -> Result<Option<i64>, OdooError> {
        let Some(lead) = lead else { return Ok(None) };
        let query = SearchRead { fields: &["user_id"], limit: Some(1), ..SearchRead::default() };
        let domain = json!([["id", "=", lead], ["active", "in", [true, false]]]);
        let leads = self.odoo.search_read("crm.lead", domain, &query).await?;
        let user = leads.first().map(|lead| lead.many2one("user_id")).transpose()?.flatten();
        Ok(user.map(|(user, _)| user))
    }

    async fn order(&self, which: Option<Value>) -> Result<Option<Record>, OdooError> {
        let Some(which) = which else { return Ok(None) };
        let query = SearchRead {
            fields: &["name", "user_id", "amount_total", "currency_id"],
            order: Some("id desc"),
            limit: Some(1),
            ..SearchRead::default()
        };
        Ok(self.odoo.search_read("sale.order", json!([which]), &query).await?.into_iter().next())
    }

    async fn lines(&self, which: Option<Value>) -> Result<Option<Vec<Record>>, OdooError> {
        let Some(which) = which else { return Ok(None) };
        let query = SearchRead {
            fields: &["order_id", "product_id", "product_uom_qty", "price_unit"],
            order: Some("order_id desc, sequence, id"),
            limit: Some(LINES),
            ..SearchRead::default()
        };
        let domain = json!([which, ["product_id", "!=", false]]);
        self.odoo.search_read("sale.order.line", domain, &query).await.map(Some)
    }

    async fn has_mobile(&self) -> Result<bool, OdooError> {
        let asked = self.has_mobile.get_or_try_init(|| async {
            self.odoo.fields("res.users", &["mobile"]).await.map(|fields| fields.contains_key("mobile"))
        });
        asked.await.copied()
    }
}

/// What may not be read, or is not there, is not told; the salesperson still is. An Odoo that is down stays one.
async fn unless_refused<T>(
    reading: impl Future<Output = Result<Option<T>, OdooError>>,
) -> Result<Option<T>, OdooError> {
    match reading.await {
        Err(error) if !error.is_transient() => {
            tracing::warn!(code = error.code(), "Odoo refused what a handoff refers to");
            Ok(None)
        }
        read => read,
    }
}

fn told(order: &Record, lines: Vec<Record>) -> Result<Order, OdooError> {
    let id = order.id()?;
    let mut products = Vec::new();
    for line in lines {
        if line.many2one("order_id")?.is_some_and(|(order, _)| order == id) {
            products.push(Product {
                name: line.many2one("product_id")?.map(|(_, name)| name.to_owned()).unwrap_or_default(),
                quantity: line.float("product_uom_qty")?.unwrap_or_default(),
                price: line.float("price_unit")?.unwrap_or_default(),
            });
        }
    }
    Ok(Order {
        number: order.text("name")?.unwrap_or_default().to_owned(),
        total: order.float("amount_total")?,
        currency: order.many2one("currency_id")?.map(|(_, name)| name.to_owned()).unwrap_or_default(),
        url: None,
        products,
    })
}
