//! Makes a quotation in Odoo: the partner, then opportunity, order and lines in one call.
//!
//! Everything that can be refused is read before anything is written, and the reads go out together.
//! Records are only made by `load`, under external ids that follow from the tracking id or the caller's key (the
//! partner's from its e-mail address), in a context in which Odoo leaves alone what exists: every
//! step can be repeated, and what staff have edited meanwhile stays.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::check::StudioField;
use super::company::Company;
use super::customer::{self, Choice};
pub use super::draft::{Before, Draft};
use super::draft::{Customer, Salesperson, Standing};
use super::error::QuotationError;
use super::id::ExternalIds;
use super::products::Decimals;
use super::recall::{self, Recalled};
use super::request::QuotationRequest;
use super::rows::{Form, Table};
use super::salespeople::{SalesConfig, Salespeople};
use super::status::{Origin, QuotationOutput};
use super::texts::Step;
use crate::external_id::{MODULE, OLD_MODULE};
use crate::odoo::{Odoo, OdooError};

/// Makes quotations in one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Pipeline {
    pub(super) odoo: Odoo,
    pub(super) salespeople: Salespeople,
    pub(super) studio_field: Arc<OnceCell<Option<StudioField>>>,
    pub(super) decimals: Arc<OnceCell<Decimals>>,
    pub(super) company: Arc<Company>,
}

/// One quotation, while it is tried.
pub(super) struct Try<'a> {
    pub(super) ids: &'a ExternalIds,
    pub(super) request: &'a QuotationRequest,
    pub(super) draft: &'a mut Draft,
}

impl Pipeline {
    /// A pipeline that writes to this Odoo.
    pub fn new(odoo: Odoo, sales: SalesConfig) -> Self {
        let salespeople = Salespeople::new(odoo.clone(), sales);
        Self {
            salespeople,
            studio_field: Arc::default(),
            decimals: Arc::default(),
            company: Arc::new(Company::new(odoo.clone())),
            odoo,
        }
    }

    /// The company that quotations are made for, where one is configured and it is not left to the account's.
    pub fn company(&self) -> Option<i64> {
        self.odoo.company()
    }

    /// The same for callers who work for this company.
    pub(crate) fn of_company(&self, company: Option<i64>) -> Self {
        match company.filter(|id| self.company() != Some(*id)) {
            None => self.clone(),
            Some(id) => {
                let odoo = self.odoo.for_company(id);
                // Made anew at each call: it knows its company by the context, and never reads.
                let (salespeople, company) =
                    (self.salespeople.of_company(company), Arc::new(Company::new(odoo.clone())));
                Self { odoo, salespeople, company, ..self.clone() }
            }
        }
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
        let mut this = Try { ids, request, draft };
        if this.draft.stands.is_none() {
            self.make(&mut this, &progress).await?;
        }
        progress(Step::ReadBack);
        match self.read_back(&mut this).await {
            Err(error) => this.draft.unread(error),
            output => output,
        }
    }

    /// Finds the quotation, or makes it. Then it stands.
    async fn make(&self, this: &mut Try<'_>, progress: &impl Fn(Step)) -> Result<(), QuotationError> {
        progress(if this.draft.unsure { Step::Recall } else { Step::Check });
        self.salespeople.company_is_open().await?;
        let recalled = self.recall(this.ids, this.draft);
        let checking = self.check(this.request, &this.draft.salesperson, &this.draft.lines);
        let (recalled, checked) = tokio::join!(recalled, checking);
        // What is there already counts for more than what could not be made today.
        let old_lead = match recalled? {
            Recalled::Nothing { fresh } => {
                this.draft.fresh = fresh;
                None
            }
            Recalled::OldLead(lead) => Some(lead),
            Recalled::Order(order, lead) => {
                this.draft.recalled(lead, Some(order));
                return Ok(());
            }
            Recalled::Lead(lead) => {
                this.draft.recalled(Some(lead), None);
                return Ok(());
            }
        };
        this.draft.outcome_unknown = false;
        if let Some(Some(lead)) = old_lead {
            return self.finish_old(this, lead, checked, progress).await;
        }
        let (customer, extra) = this.draft.learn(checked?);
        self.settle_customer(this, customer, progress).await?;
        progress(Step::Lead);
        let module = if old_lead.is_some() { OLD_MODULE } else { MODULE };
        let table = this.form(module, extra)?.quotation();
        let lead = self.make_or_find(this, "crm.lead", table).await?;
        if let Some(lead) = lead {
            if let Some(Salesperson::Claimed(claim)) = &this.draft.salesperson {
                claim.settle();
            }
            this.draft.found(Standing { lead: Some(lead), order: None, existing: false });
        }
        Ok(())
    }

    /// Looks for what an earlier try may have made.
    async fn recall(&self, ids: &ExternalIds, draft: &Draft) -> Result<Recalled, OdooError> {
        if !draft.unsure {
            return Ok(Recalled::Nothing { fresh: draft.fresh });
        }
        recall::recall(&self.odoo, ids, draft.before != Before::Nobody).await
    }

    /// Finds or makes the partner, and says how it came to be.
    pub(super) async fn settle_customer(
        &self,
        this: &mut Try<'_>,
        choice: Choice,
        progress: &impl Fn(Step),
    ) -> Result<(), QuotationError> {
        let before = this.draft.customer.take();
        this.draft.customer = Some(match choice {
            Choice::Take(partner_id, phone) => {
                let origin = match before {
                    Some(before) if before.partner_id == partner_id => before.origin,
                    // Whether or not the answer arrived, it is this quotation's.
                    _ if this.draft.partner_sent => Some(Origin::Created),
                    _ => (this.draft.before != Before::Run).then_some(Origin::Existing),
                };
                Customer { partner_id, origin, phone }
            }
            Choice::Reactivate(partner_id, phone) => {
                progress(Step::Partner);
                // Should its answer be lost, it is active when it is found again.
                this.draft.customer =
                    Some(Customer { partner_id, origin: Some(Origin::Reactivated), phone: phone.clone() });
                customer::reactivate(&self.odoo, partner_id).await?;
                Customer { partner_id, origin: Some(Origin::Reactivated), phone }
            }
            Choice::Make(named) => {
                progress(Step::Partner);
                this.draft.partner_sent = true;
                this.draft.outcome_unknown = true;
                let made = customer::make(&self.odoo, this.request, named, &self.company).await;
                this.draft.outcome_unknown = made.as_ref().is_err_and(OdooError::outcome_unknown);
                let partner_id = made.map_err(|error| {
                    this.draft.refused(match error {
                        // Its hooks run after the commit: the next try finds the partner, if it is there.
                        OdooError::Server(said) => OdooError::Unexplained(said),
                        error => error,
                    })
                })?;
                Customer { partner_id, origin: Some(Origin::Created), phone: None }
            }
        });
        Ok(())
    }

    /// Makes a record of the quotation. Whatever the answer was, it is looked for before it is said to have failed:
    /// `None` when it was found so, and stands.
    pub(super) async fn make_or_find(
        &self,
        this: &mut Try<'_>,
        model: &str,
        table: Table,
    ) -> Result<Option<i64>, QuotationError> {
        let error = match self.send(this.draft, model, table).await {
            Ok(id) => return Ok(Some(id)),
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => error,
        };
        match self.recall(this.ids, this.draft).await? {
            Recalled::Order(order, lead) => this.draft.recalled(lead, Some(order)),
            Recalled::Lead(lead) => this.draft.recalled(Some(lead), None),
            Recalled::Nothing { .. } => {
                this.draft.outcome_unknown = false;
                return Err(error.into());
            }
            // Whether its order was made, too, is found out when the request is repeated.
            Recalled::OldLead(_) => return Err(error.into()),
        }
        Ok(None)
    }

    /// Sends a call that makes records, and notes when nobody knows what became of it.
    pub(super) async fn send(&self, draft: &mut Draft, model: &str, table: Table) -> Result<i64, OdooError> {
        let before = draft.outcome_unknown;
        // Set while the call is under way, so that they stand when time runs out in the middle of it.
        (draft.sent, draft.unsure, draft.outcome_unknown) = (true, true, true);
        let made = load(&self.odoo, model, table).await;
        draft.outcome_unknown = before || made.as_ref().is_err_and(OdooError::outcome_unknown);
        made.map_err(|error| draft.refused(error))
    }
}

impl Try<'_> {
    pub(super) fn form(
        &self,
        module: &'static str,
        extra: Option<(&'static str, i64)>,
    ) -> Result<Form<'_>, QuotationError> {
        let customer = self.draft.customer.as_ref();
        let customer = customer.ok_or_else(|| OdooError::Malformed("no customer".to_owned()))?;
        Ok(Form {
            ids: self.ids,
            language: self.draft.language,
            module,
            request: self.request,
            partner_id: customer.partner_id,
            known_phone: customer.phone.as_deref(),
            user_id: self.draft.salesperson.as_ref().map(Salesperson::user_id),
            lines: self.draft.lines.as_deref().unwrap_or_default(),
            extra,
        })
    }
}

/// Loads and gives the first record's id.
pub(super) async fn load(odoo: &Odoo, model: &str, table: Table) -> Result<i64, OdooError> {
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let ids = odoo.load_once(model, &columns, table.rows, table.context).await?;
    ids.first().copied().ok_or_else(|| OdooError::Malformed("load returned no id".to_owned()))
}
