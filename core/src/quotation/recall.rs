//! What earlier tries, other processes and other versions of this program left of a quotation.

use super::error::QuotationError;
use super::id::ExternalIds;
use super::orders::{self, Order, Which};
use crate::external_id::{MODULE, OLD_MODULE};
use crate::odoo::{ExternalRef, Metadata, Odoo, OdooError};

/// What is found of a quotation before anything of it is made.
pub(super) enum Recalled {
    /// Nothing of it. `fresh`: nor an external id of its opportunity, as far as that was asked for.
    Nothing { fresh: bool },
    /// Its order, whole.
    Order(i64, Option<i64>),
    /// Its opportunity, and no order of its reference.
    Lead(i64),
    /// An opportunity of an older version: its order may never have been made. `None`: it is not known which.
    OldLead(Option<i64>),
}

/// Looks for a quotation: its order by the source document. `verify`: another process may have made it, or an older version
/// that made the opportunity first, and others may have the same source document, for another request.
pub(super) async fn recall(odoo: &Odoo, ids: &ExternalIds, verify: bool) -> Result<Recalled, OdooError> {
    let lead_of = |module: &'static str| async move {
        match verify {
            true => odoo.external_id(module, &ids.name("lead")).await,
            false => Ok(None),
        }
    };
    let (orders, lead, old_lead) = tokio::try_join!(
        orders::find(odoo, Which::Origin(ids.reference())),
        lead_of(MODULE),
        lead_of(OLD_MODULE),
    )?;
    let others = match verify && !orders.is_empty() {
        true => of_other_requests(odoo, ids, &orders).await?,
        false => Vec::new(),
    };
    let order = orders.iter().find(|order| !others.contains(&order.id));
    let lead_of = |order: &Order| order.lead.as_ref().map(|(id, _)| *id);
    Ok(match (order, lead, old_lead) {
        (_, _, Some(ExternalRef { id: Some(lead), .. })) => Recalled::OldLead(Some(lead)),
        (Some(order), ..) => Recalled::Order(order.id, lead_of(order)),
        (None, Some(ExternalRef { id: Some(lead), .. }), _) => Recalled::Lead(lead),
        (None, _, Some(ExternalRef { id: None, .. })) => Recalled::OldLead(None),
        (None, lead, _) => Recalled::Nothing { fresh: lead.is_none() },
    })
}

/// Those of the orders that the same key made for another request: they, or their opportunities, have an external id
/// of this reference that follows from that. What has none is this quotation's, as its source document says: an order
/// of mixed prices has none, and its opportunity may be merged or deleted.
async fn of_other_requests(odoo: &Odoo, ids: &ExternalIds, orders: &[Order]) -> Result<Vec<i64>, OdooError> {
    let order_ids: Vec<i64> = orders.iter().map(|order| order.id).collect();
    let lead_ids: Vec<i64> =
        orders.iter().filter_map(|order| order.lead.as_ref().map(|(id, _)| *id)).collect();
    let (of_orders, of_leads) =
        tokio::try_join!(odoo.metadata("sale.order", &order_ids), odoo.metadata("crm.lead", &lead_ids))?;
    let reference = format!("{}_", ids.reference());
    let other = |xmlid: &str, record: &str| {
        let name = xmlid.split_once('.').map_or(xmlid, |(_, name)| name);
        name.starts_with(&reference) && name != ids.name(record)
    };
    let is_other = |known: &[Metadata], id: i64, record: &str| {
        let xmlid = known.iter().find(|known| known.id == id).and_then(|known| known.xmlid.as_deref());
        xmlid.is_some_and(|xmlid| other(xmlid, record))
    };
    let others = orders.iter().filter(|order| {
        is_other(&of_orders, order.id, "order")
            || order.lead.as_ref().is_some_and(|(lead, _)| is_other(&of_leads, *lead, "lead"))
    });
    Ok(others.map(|order| order.id).collect())
}

/// What became of the order of an opportunity that stands without one.
pub(super) enum Missing {
    /// It is there, but not the opportunity's any more.
    Moved(i64),
    /// An older version of this program was cut off before it made it.
    NeverMade,
}

/// `others` are orders of that opportunity that may be it though staff gave them another source document.
///
/// # Errors
/// That somebody deleted it, or that it may not be read.
pub(super) async fn missing_order(
    odoo: &Odoo,
    ids: &ExternalIds,
    module: &str,
    lead_id: i64,
    others: &[Order],
) -> Result<Missing, QuotationError> {
    match odoo.external_id(module, &ids.name("order")).await? {
        Some(ExternalRef { id: Some(order), .. }) => return Ok(Missing::Moved(order)),
        Some(ExternalRef { id: None, .. }) => return Err(QuotationError::Unreadable("sale.order")),
        None => {}
    }
    match odoo.read("crm.lead", &[lead_id], &["name"]).await {
        Err(OdooError::AccessError(_)) => return Err(QuotationError::Unreadable("crm.lead")),
        read => read.map(drop)?,
    }
    // One of mixed prices has no external id, but was made in one transaction with its opportunity.
    if !others.is_empty() {
        let (ids, lead): (Vec<i64>, _) = (others.iter().map(|order| order.id).collect(), [lead_id]);
        let (leads, orders) =
            tokio::try_join!(odoo.metadata("crm.lead", &lead), odoo.metadata("sale.order", &ids))?;
        let made = leads.first().and_then(|lead| lead.create_date.clone());
        let with_it =
            orders.iter().find(|order| made.is_some() && order.create_date == made && order.xmlid.is_none());
        if let Some(order) = with_it {
            return Ok(Missing::Moved(order.id));
        }
    }
    // Opportunity and order are made at once today, and deleting an order leaves the external ids of its lines.
    let deleted = module == MODULE || odoo.external_id(module, &ids.name("line_1")).await?.is_some();
    if deleted { Err(QuotationError::OrderDeleted(lead_id)) } else { Ok(Missing::NeverMade) }
}
