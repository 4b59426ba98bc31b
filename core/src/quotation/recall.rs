//! What earlier tries, other processes and other versions of this program left of a quotation.

use super::error::QuotationError;
use super::id::{ExternalIds, MODULE, OLD_MODULE};
use super::orders::{self, Order, Which};
use crate::odoo::{ExternalRef, Odoo, OdooError};

/// What is found of a quotation before anything of it is made.
pub(super) enum Recalled {
    /// Nothing of it.
    Nothing,
    /// Its order, whole.
    Order(i64, Option<i64>),
    /// An opportunity of an older version: its order may never have been made. `None`: it is not known which.
    OldLead(Option<i64>),
}

/// Looks for a quotation: its order by the source document. `verify`: others may have the same one, for another request.
/// `old`: a version that made the opportunity first may have begun it.
pub(super) async fn recall(
    odoo: &Odoo,
    ids: &ExternalIds,
    verify: bool,
    old: bool,
) -> Result<Recalled, OdooError> {
    let old_lead = async {
        match old {
            true => odoo.external_id(OLD_MODULE, &ids.name("lead")).await,
            false => Ok(None),
        }
    };
    let (orders, old_lead) = tokio::try_join!(orders::find(odoo, Which::Origin(ids.reference())), old_lead)?;
    let known = match verify && !orders.is_empty() {
        true => Some(Known::ask(odoo, ids).await?),
        false => None,
    };
    let ours = |order: &&Order| known.as_ref().is_none_or(|known| known.is(order));
    let order = orders.iter().find(ours);
    let lead = |order: &Order| order.lead.as_ref().map(|(id, _)| *id);
    Ok(match (order, old_lead) {
        (Some(order), None) => Recalled::Order(order.id, lead(order)),
        (_, Some(ExternalRef { id, .. })) => Recalled::OldLead(id),
        (None, None) => Recalled::Nothing,
    })
}

/// The records that the external ids of a quotation stand for, by this version and older ones.
struct Known {
    leads: Vec<i64>,
    orders: Vec<i64>,
}

impl Known {
    async fn ask(odoo: &Odoo, ids: &ExternalIds) -> Result<Self, OdooError> {
        let (lead, order) = (ids.name("lead"), ids.name("order"));
        let (new_lead, old_lead, new_order, old_order) = tokio::try_join!(
            odoo.external_id(MODULE, &lead),
            odoo.external_id(OLD_MODULE, &lead),
            odoo.external_id(MODULE, &order),
            odoo.external_id(OLD_MODULE, &order),
        )?;
        let found =
            |refs: [Option<ExternalRef>; 2]| refs.into_iter().flatten().filter_map(|it| it.id).collect();
        Ok(Self { leads: found([new_lead, old_lead]), orders: found([new_order, old_order]) })
    }

    fn is(&self, order: &Order) -> bool {
        self.orders.contains(&order.id)
            || order.lead.as_ref().is_some_and(|(lead, _)| self.leads.contains(lead))
    }
}

/// What became of the order of an opportunity that stands without one.
pub(super) enum Missing {
    /// It is there, but not the opportunity's any more.
    Moved(i64),
    /// An older version of this program was cut off before it made it.
    NeverMade,
}

/// # Errors
/// That somebody deleted it, or that it may not be read.
pub(super) async fn missing_order(
    odoo: &Odoo,
    ids: &ExternalIds,
    module: &str,
    lead_id: i64,
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
    // Opportunity and order are made at once today, and deleting an order leaves the external ids of its lines.
    let deleted = module == MODULE || odoo.external_id(module, &ids.name("line_1")).await?.is_some();
    if deleted { Err(QuotationError::OrderDeleted(lead_id)) } else { Ok(Missing::NeverMade) }
}
