//! Reads back what stands, and tells where it is not what was asked for.

use super::draft::Standing;
use super::error::QuotationError;
use super::orders::{self, Order, Which};
use super::pipeline::{Pipeline, Try};
use super::recall::{self, Missing};
use super::status::{Origin, QuotationOutput};
use super::texts::{self, Changed};
use crate::external_id::MODULE;
use crate::odoo::OdooError;

impl Pipeline {
    pub(super) async fn read_back(&self, this: &mut Try<'_>) -> Result<QuotationOutput, QuotationError> {
        let stands = this.draft.stands.unwrap_or_default();
        let which = match (stands.order, stands.lead) {
            (Some(order), _) => Which::Id(order),
            (None, Some(lead)) => Which::Lead(lead),
            (None, None) => return Err(OdooError::Malformed("no quotation".to_owned()).into()),
        };
        let mut found = orders::find(&self.odoo, which).await?;
        if let (None, Some(lead)) = (this.own_order(&found), stands.lead) {
            // With cells, every order has an external id.
            let others = if this.request.mixes_prices() { found.as_slice() } else { &[] };
            found = match recall::missing_order(&self.odoo, this.ids, MODULE, lead, others).await? {
                Missing::Moved(order) => orders::find(&self.odoo, Which::Id(order)).await?,
                Missing::NeverMade => Vec::new(),
            };
        }
        // What was asked for by its id is it, whatever staff have made of its source document.
        let order = this.own_order(&found).or(found.first());
        let order = order.ok_or(QuotationError::Unreadable("sale.order"))?;
        this.draft.stands = Some(Standing { order: Some(order.id), ..stands });
        let known = this.draft.output();
        let warnings = if stands.existing { Vec::new() } else { this.changes(order) };
        let lead_id = order.lead.as_ref().map(|(id, _)| *id).or(stands.lead);
        let mut steps = known.steps;
        let given = this.request.user_id != 0 || this.request.salesperson.is_some();
        steps.user = Some(if given { Origin::Given } else { Origin::Balanced });
        Ok(QuotationOutput {
            partner_id: order.partner.as_ref().map(|(id, _)| *id),
            partner_name: order.partner.as_ref().map(|(_, name)| name.clone()),
            lead_id,
            lead_name: order.lead.as_ref().map(|(_, name)| name.clone()),
            opportunity_id: lead_id,
            sale_order_id: Some(order.id),
            sale_order_name: order.name.clone(),
            user_id: order.user_id,
            amount_untaxed: order.amount_untaxed,
            amount_tax: order.amount_tax,
            amount_total: order.amount_total,
            currency: order.currency.clone(),
            products_added: order.lines.clone(),
            odoo_url: Some(self.odoo.record_url("sale.order", order.id)),
            steps,
            warnings,
            ..known
        })
    }
}

impl Try<'_> {
    /// Among the orders of the opportunity, the one that was made with it: staff may have added others.
    pub(super) fn own_order<'o>(&self, orders: &'o [Order]) -> Option<&'o Order> {
        let ours = |order: &&Order| order.origin.as_deref() == Some(self.ids.reference());
        orders.iter().find(ours)
    }

    /// What stands otherwise than it was asked for: Odoo rounds, and staff may have been quick.
    fn changes(&self, order: &Order) -> Vec<String> {
        let asked = self.draft.lines.as_deref().unwrap_or_default();
        let mut changes = Vec::new();
        if asked.len() != order.lines.len() {
            return changes;
        }
        for (asked, line) in asked.iter().zip(&order.lines) {
            if line.product_id != Some(asked.product_id) {
                continue;
            }
            let price = asked.price.map(|price| (Changed::Price, price, line.price));
            for (what, wanted, stands) in
                std::iter::once((Changed::Quantity, asked.qty, line.qty)).chain(price)
            {
                if wanted != stands {
                    changes.push(texts::changed(
                        &line.product_name,
                        what,
                        wanted,
                        stands,
                        self.draft.language,
                    ));
                }
            }
        }
        changes
    }
}
