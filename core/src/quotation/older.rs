//! Goes on where versions up to 0.1.0 were cut off.

use super::check::Checked;
use super::draft::{Customer, Standing};
use super::error::QuotationError;
use super::orders::{self, Which};
use super::pipeline::{Pipeline, Try};
use super::recall::{self, Missing};
use super::rows::Form;
use super::texts::Step;
use crate::external_id::OLD_MODULE;

impl Pipeline {
    /// Goes on where a version up to 0.1.0 was cut off: it made the opportunity, the order and the lines with a price
    /// in calls of their own.
    pub(super) async fn finish_old(
        &self,
        this: &mut Try<'_>,
        lead: i64,
        checked: Result<Checked, QuotationError>,
        progress: &impl Fn(Step),
    ) -> Result<(), QuotationError> {
        let found = orders::find(&self.odoo, Which::Lead(lead)).await?;
        let order = match this.own_order(&found) {
            Some(order) => Some(order.id),
            None => match recall::missing_order(&self.odoo, this.ids, OLD_MODULE, lead, &[]).await? {
                Missing::Moved(order) => Some(order),
                Missing::NeverMade => None,
            },
        };
        if let Some(order) = order {
            self.finish_old_lines(this, order, checked).await?;
            this.draft.found(Standing { lead: Some(lead), order: Some(order), existing: false });
            return Ok(());
        }
        progress(Step::Order);
        let (customer, _) = this.draft.learn(checked?);
        // Customer and salesperson are the opportunity's, as an earlier run chose them or staff have since.
        let leads = self.odoo.read("crm.lead", &[lead], &["partner_id", "user_id"]).await?;
        let of = |field: &str| leads.first().map(|lead| lead.many2one(field)).transpose();
        match of("partner_id")?.flatten() {
            Some((partner_id, _)) => {
                this.draft.customer = Some(Customer { partner_id, origin: None, phone: None })
            }
            None => self.settle_customer(this, customer, progress).await?,
        }
        let user_id = of("user_id")?.flatten().map(|(id, _)| id);
        let table = Form { user_id, ..this.form(OLD_MODULE, None)? }.order(lead);
        let order = self.make_or_find(this, "sale.order", table).await?;
        if order.is_some() {
            this.draft.found(Standing { lead: Some(lead), order, existing: false });
        }
        Ok(())
    }

    /// The lines with a price of a mixed order came in a call of their own, all at once: where one of them is there,
    /// those that are not were deleted since.
    async fn finish_old_lines(
        &self,
        this: &mut Try<'_>,
        order: i64,
        checked: Result<Checked, QuotationError>,
    ) -> Result<(), QuotationError> {
        if !this.request.mixes_prices() {
            return Ok(());
        }
        let stands = orders::find(&self.odoo, Which::Id(order)).await?;
        let ids: Vec<i64> = stands.iter().flat_map(|order| &order.lines).map(|line| line.line_id).collect();
        let known = self.odoo.metadata("sale.order.line", &ids).await?;
        let given = this.request.lines();
        let priced = (1..).zip(&given).filter(|(_, line)| line.has_price());
        let mut names = priced.map(|(n, _)| format!("{OLD_MODULE}.{}", this.ids.name(&format!("line_{n}"))));
        if names.any(|name| known.iter().any(|line| line.xmlid.as_deref() == Some(name.as_str()))) {
            return Ok(());
        }
        this.draft.learn(checked?);
        let customer = stands.first().and_then(|order| order.partner.as_ref()).map(|(id, _)| *id);
        let customer = customer.map(|partner_id| Customer { partner_id, origin: None, phone: None });
        this.draft.customer = this.draft.customer.take().or(customer);
        let table = this.form(OLD_MODULE, None)?.priced_lines();
        self.send(this.draft, "sale.order.line", table).await?;
        Ok(())
    }
}
