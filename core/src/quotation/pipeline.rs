//! Makes a quotation in Odoo: partner, opportunity, order with its lines.
//!
//! Everything that can be refused is read before anything is written, and the reads go out together.
//! Records are only made by `load`, under external ids that follow from the tracking id (the
//! partner's from its e-mail address), in a context in which Odoo leaves alone what exists: every
//! step can be repeated, and what staff have edited meanwhile stays.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use super::error::QuotationError;
use super::id::{ExternalIds, MODULE, partner_external_name};
use super::request::{ProductLine, QuotationRequest};
use super::rows::{self, Order, Table};
use super::salespeople::{Claim, SalesConfig, Salespeople};
use super::status::{OrderedProduct, Origin, QuotationOutput, Steps};
use super::texts::Step;
use crate::odoo::{Odoo, OdooError, SearchRead};

/// Makes quotations in one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Pipeline {
    odoo: Odoo,
    salespeople: Salespeople,
    studio_field: Arc<OnceCell<Option<StudioField>>>,
}

/// The field that Odoo Studio made for some customers.
#[derive(Clone)]
struct StudioField {
    column: &'static str,
    /// The model whose records it points to, if it does.
    relation: Option<String>,
}

/// What is known of a quotation's records, kept from one attempt to the next.
pub struct Draft {
    /// Records may be in Odoo that are not noted here: ask before making any.
    unsure: bool,
    /// The answer of a call that makes records was lost, and nothing has been learned since.
    outcome_unknown: bool,
    partner: Option<i64>,
    /// `None` while an earlier process may have made the partner.
    partner_origin: Option<Origin>,
    salesperson: Option<Salesperson>,
    products_checked: bool,
    lead: Option<i64>,
    order: Option<i64>,
}

/// Who may have made records of a quotation before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nobody: its id is new and known to nobody else.
    Nobody,
    /// A process with another journal, under the same key.
    Elsewhere,
    /// An earlier run, as the journal knows.
    Run,
}

enum Salesperson {
    Given(i64),
    Claimed(Claim),
    /// As an earlier attempt wrote it on the opportunity.
    OfLead(Option<i64>),
}

impl Salesperson {
    fn user_id(&self) -> Option<i64> {
        match self {
            Self::Given(user) => Some(*user),
            Self::Claimed(claim) => Some(claim.user_id()),
            Self::OfLead(user) => *user,
        }
    }
}

impl Draft {
    /// Nothing is known yet.
    pub fn new(before: Before) -> Self {
        let again = before == Before::Run;
        Self {
            unsure: again,
            outcome_unknown: again,
            partner: None,
            partner_origin: (!again).then_some(Origin::Existing),
            salesperson: None,
            products_checked: false,
            lead: None,
            order: None,
        }
    }

    /// Whether nobody knows what there is in Odoo beyond [`Draft::output`].
    pub fn outcome_unknown(&self) -> bool {
        self.outcome_unknown
    }

    /// What has been made so far.
    pub fn output(&self) -> QuotationOutput {
        let made = |id: Option<i64>| id.map(|_| Origin::Created);
        let user = self.salesperson.as_ref().map(|salesperson| match salesperson {
            Salesperson::Given(_) => Origin::Given,
            Salesperson::Claimed(_) | Salesperson::OfLead(_) => Origin::Balanced,
        });
        QuotationOutput {
            partner_id: self.partner,
            lead_id: self.lead,
            opportunity_id: self.lead,
            sale_order_id: self.order,
            user_id: self.salesperson.as_ref().and_then(Salesperson::user_id),
            steps: Steps {
                partner: self.partner.and(self.partner_origin),
                user,
                lead: made(self.lead),
                sale_order: made(self.order),
            },
            ..QuotationOutput::default()
        }
    }
}

impl Pipeline {
    /// A pipeline that writes to this Odoo.
    pub fn new(odoo: Odoo, sales: SalesConfig) -> Self {
        let salespeople = Salespeople::new(odoo.clone(), sales);
        Self { odoo, salespeople, studio_field: Arc::default() }
    }

    /// Who this pipeline gives quotations to.
    pub fn salespeople(&self) -> &Salespeople {
        &self.salespeople
    }

    /// Tries once, from where the draft stands. What the draft learns stays in it when this fails.
    ///
    /// # Errors
    /// A transient error may be tried again with the same draft.
    pub async fn attempt(
        &self,
        ids: &ExternalIds,
        request: &QuotationRequest,
        draft: &mut Draft,
        progress: impl Fn(Step),
    ) -> Result<QuotationOutput, QuotationError> {
        let lines = request.lines();
        if draft.unsure {
            progress(Step::Recall);
            self.recall(ids, &lines, draft).await?;
        }
        if draft.order.is_none() {
            progress(Step::Check);
            let extra = self.check(request, &lines, draft).await?;
            draft.outcome_unknown = false;
            let partner_id = match draft.partner {
                Some(partner_id) => partner_id,
                None => {
                    progress(Step::Partner);
                    self.make_partner(request, draft).await?
                }
            };
            let user_id = draft.salesperson.as_ref().and_then(Salesperson::user_id);
            let lead_id = match draft.lead {
                Some(lead_id) => lead_id,
                None => {
                    progress(Step::Lead);
                    let table = rows::lead(ids, request, partner_id, user_id, extra);
                    self.make_lead(table, draft).await?
                }
            };
            progress(Step::Order);
            self.make_order(&Order { ids, partner_id, lead_id, user_id, lines: &lines }, draft).await?;
        }
        progress(Step::ReadBack);
        self.read_back(request, draft).await
    }

    /// Asks for what an earlier try may have made. The partner needs no asking: it is looked up by
    /// its address in any case.
    async fn recall(
        &self,
        ids: &ExternalIds,
        lines: &[ProductLine],
        draft: &mut Draft,
    ) -> Result<(), QuotationError> {
        let (order_name, lead_name) = (ids.name("order"), ids.name("lead"));
        let (order, lead) = tokio::try_join!(
            self.odoo.external_id(MODULE, &order_name),
            self.odoo.external_id(MODULE, &lead_name),
        )?;
        draft.lead = lead.as_ref().and_then(|lead| lead.id);
        if lead.is_some() && draft.lead.is_none() && order.is_none() {
            return Err(QuotationError::Unreadable("crm.lead"));
        }
        if let Some(lead_id) = draft.lead {
            if let Some(Salesperson::Claimed(claim)) = &draft.salesperson {
                claim.settle();
            } else if order.is_none() {
                let found = self.odoo.read("crm.lead", &[lead_id], &["user_id"]).await?;
                let user = found.first().map(|lead| lead.many2one("user_id")).transpose()?.flatten();
                draft.salesperson = Some(Salesperson::OfLead(user.map(|(user, _)| user)));
            }
        }
        if let Some(order) = order {
            draft.order = Some(order.id.ok_or(QuotationError::Unreadable("sale.order"))?);
            self.recall_priced_lines(ids, lines).await?;
        }
        draft.unsure = false;
        draft.outcome_unknown = false;
        Ok(())
    }

    /// Lines that follow the order in a call of their own may be missing though the order is there.
    async fn recall_priced_lines(
        &self,
        ids: &ExternalIds,
        lines: &[ProductLine],
    ) -> Result<(), QuotationError> {
        if let Some(last) = rows::last_priced_line(ids, lines)
            && self.odoo.external_id(MODULE, &last).await?.is_none()
            && let Some(table) = rows::priced_lines(ids, lines)
        {
            self.load("sale.order.line", table).await?;
        }
        Ok(())
    }

    /// Finds, all at once, what the request refers to; gives the column for `x_studio_producto`.
    async fn check(
        &self,
        request: &QuotationRequest,
        lines: &[ProductLine],
        draft: &mut Draft,
    ) -> Result<Option<(&'static str, i64)>, QuotationError> {
        let Draft { partner, salesperson, products_checked, .. } = draft;
        let find_partner = async {
            match partner {
                Some(known) => Ok(Some(*known)),
                None => self.find_partner(&request.email).await,
            }
        };
        let choose = async {
            match salesperson {
                Some(_) => Ok(None),
                None if request.user_id == 0 => {
                    Ok(Some(Salesperson::Claimed(self.salespeople.least_loaded().await?)))
                }
                None => {
                    self.salespeople.verify(request.user_id).await?;
                    Ok(Some(Salesperson::Given(request.user_id)))
                }
            }
        };
        let check_products =
            async { if *products_checked { Ok(()) } else { self.check_products(lines).await } };
        let studio = async {
            match request.x_studio_producto {
                Some(value) => self.studio_column(value).await,
                None => Ok(None),
            }
        };
        let (found, chosen, (), extra) = tokio::try_join!(find_partner, choose, check_products, studio)?;
        *partner = found;
        if chosen.is_some() {
            *salesperson = chosen;
        }
        *products_checked = true;
        Ok(extra)
    }

    async fn find_partner(&self, email: &str) -> Result<Option<i64>, QuotationError> {
        let domain = json!([["email_normalized", "=", email]]);
        let query =
            SearchRead { fields: &["name"], limit: Some(1), order: Some("id"), ..SearchRead::default() };
        let found = self.odoo.search_read("res.partner", domain, &query).await?;
        Ok(found.first().map(|partner| partner.id()).transpose()?)
    }

    /// Archived products are not found: they are not for sale either.
    async fn check_products(&self, lines: &[ProductLine]) -> Result<(), QuotationError> {
        let mut wanted: Vec<i64> = lines.iter().map(|line| line.product_id).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        let query = SearchRead { fields: &["sale_ok"], ..SearchRead::default() };
        let found = self.odoo.search_read("product.product", json!([["id", "in", wanted]]), &query).await?;
        let mut sellable = Vec::with_capacity(found.len());
        let mut unsellable = Vec::new();
        for product in &found {
            let into = if product.bool("sale_ok")? { &mut sellable } else { &mut unsellable };
            into.push(product.id()?);
        }
        wanted.retain(|id| !sellable.contains(id) && !unsellable.contains(id));
        if !wanted.is_empty() {
            Err(QuotationError::ProductNotFound(wanted))
        } else if !unsellable.is_empty() {
            Err(QuotationError::ProductNotSellable(unsellable))
        } else {
            Ok(())
        }
    }

    /// The column and value for `x_studio_producto`, where this Odoo has that field.
    async fn studio_column(&self, value: i64) -> Result<Option<(&'static str, i64)>, QuotationError> {
        let field = self.studio_field.get_or_try_init(|| self.read_studio_field()).await?;
        if let Some(StudioField { relation: Some(relation), .. }) = field
            && self.odoo.search_count(relation, json!([["id", "=", value]])).await? == 0
        {
            return Err(QuotationError::StudioValueNotFound(value));
        }
        Ok(field.as_ref().map(|field| (field.column, value)))
    }

    async fn read_studio_field(&self) -> Result<Option<StudioField>, OdooError> {
        const FIELD: &str = "x_studio_producto";
        let fields = self.odoo.fields("crm.lead", &[FIELD]).await?;
        let Some(field) = fields.get(FIELD) else { return Ok(None) };
        let text = |attribute: &str| field.get(attribute).and_then(Value::as_str);
        let points = text("type") == Some("many2one");
        let column = if points { "x_studio_producto/.id" } else { FIELD };
        let relation = text("relation").filter(|_| points).map(str::to_owned);
        Ok(Some(StudioField { column, relation }))
    }

    async fn make_partner(
        &self,
        request: &QuotationRequest,
        draft: &mut Draft,
    ) -> Result<i64, QuotationError> {
        let table = rows::partner(&partner_external_name(&request.email), request);
        // Whether or not the answer arrives: from now on it is this quotation's.
        draft.partner_origin = Some(Origin::Created);
        let partner_id = self.make("res.partner", table, draft).await?;
        draft.partner = Some(partner_id);
        Ok(partner_id)
    }

    async fn make_lead(&self, table: Table, draft: &mut Draft) -> Result<i64, QuotationError> {
        draft.unsure = true;
        let lead_id = self.make("crm.lead", table, draft).await?;
        draft.unsure = false;
        draft.lead = Some(lead_id);
        if let Some(Salesperson::Claimed(claim)) = &draft.salesperson {
            claim.settle();
        }
        Ok(lead_id)
    }

    async fn make_order(&self, order: &Order<'_>, draft: &mut Draft) -> Result<(), QuotationError> {
        draft.unsure = true;
        draft.order = Some(self.make("sale.order", rows::order(order), draft).await?);
        if let Some(lines) = rows::priced_lines(order.ids, order.lines) {
            self.make("sale.order.line", lines, draft).await?;
        }
        draft.unsure = false;
        Ok(())
    }

    /// Loads, and notes when nobody knows what became of it.
    async fn make(&self, model: &str, table: Table, draft: &mut Draft) -> Result<i64, OdooError> {
        let before = draft.outcome_unknown;
        // Set while the call is under way, so that it stands when time runs out in the middle of it.
        draft.outcome_unknown = true;
        let made = self.load(model, table).await;
        draft.outcome_unknown = before || made.as_ref().is_err_and(OdooError::outcome_unknown);
        made
    }

    /// Loads and gives the first record's id.
    async fn load(&self, model: &str, table: Table) -> Result<i64, OdooError> {
        let ids = self.odoo.load_once(model, &table.columns, table.rows, Map::new()).await?;
        ids.first().copied().ok_or_else(|| OdooError::Malformed("load returned no id".to_owned()))
    }

    async fn read_back(
        &self,
        request: &QuotationRequest,
        draft: &Draft,
    ) -> Result<QuotationOutput, QuotationError> {
        let order_id = draft.order.ok_or_else(|| OdooError::Malformed("no order".to_owned()))?;
        let order_fields = ["name", "partner_id", "opportunity_id", "user_id", "amount_total", "currency_id"];
        let order_ids = [order_id];
        let read_order = self.odoo.read("sale.order", &order_ids, &order_fields);
        let read_lines = async {
            if request.lines().is_empty() { Ok(Vec::new()) } else { self.read_lines(order_id).await }
        };
        let (orders, products_added) = tokio::try_join!(read_order, read_lines)?;
        let order = orders.first().ok_or_else(|| {
            OdooError::MissingRecord(format!("sale.order {order_id} was deleted while it was being made"))
        })?;
        let (partner, lead) = (order.many2one("partner_id")?, order.many2one("opportunity_id")?);
        let mut known = draft.output();
        known.steps.user = Some(if request.user_id == 0 { Origin::Balanced } else { Origin::Given });
        let lead_id = known.lead_id.or(lead.map(|(id, _)| id));
        Ok(QuotationOutput {
            partner_id: partner.map(|(id, _)| id),
            partner_name: partner.map(|(_, name)| name.to_owned()),
            lead_id,
            lead_name: lead.map(|(_, name)| name.to_owned()),
            opportunity_id: lead_id,
            sale_order_name: order.text("name")?.map(str::to_owned),
            user_id: order.many2one("user_id")?.map(|(id, _)| id),
            amount_total: order.float("amount_total")?,
            currency: order.many2one("currency_id")?.map(|(_, name)| name.to_owned()),
            products_added,
            odoo_url: Some(self.odoo.record_url("sale.order", order_id)),
            ..known
        })
    }

    async fn read_lines(&self, order_id: i64) -> Result<Vec<OrderedProduct>, OdooError> {
        let fields = ["product_id", "name", "product_uom_qty", "price_unit"];
        let query = SearchRead { fields: &fields, order: Some("sequence, id"), ..SearchRead::default() };
        let lines =
            self.odoo.search_read("sale.order.line", json!([["order_id", "=", order_id]]), &query).await?;
        let product = |line: &crate::odoo::Record| {
            let product = line.many2one("product_id")?;
            let name = match product {
                Some((_, name)) => Some(name),
                None => line.text("name")?,
            };
            Ok(OrderedProduct {
                line_id: line.id()?,
                product_id: product.map(|(id, _)| id),
                product_name: name.unwrap_or_default().to_owned(),
                qty: line.float("product_uom_qty")?.unwrap_or(0.0),
                price: line.float("price_unit")?.unwrap_or(0.0),
            })
        };
        lines.iter().map(product).collect()
    }
}
