//! What is known of a quotation's records, kept from one attempt to the next.

use super::check::Checked;
use super::customer::Choice;
use super::error::QuotationError;
use super::products::Line;
use super::salespeople::Claim;
use super::status::{Origin, QuotationOutput, Steps};
use super::texts;
use crate::language::Language;
use crate::odoo::OdooError;

/// Imports that Odoo refused without saying what of them it refused, at most: a lost race is over sooner.
const UNEXPLAINED: u32 = 6;
/// Failed readings of a quotation that is made, at most.
const UNREAD: u32 = 3;

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

/// What is known of a quotation's records.
pub struct Draft {
    pub(super) before: Before,
    pub(super) language: Language,
    /// Records may be in Odoo that are not noted here: look before making any.
    pub(super) unsure: bool,
    /// The answer of a call that makes records was lost, and nothing has been learned since.
    pub(super) outcome_unknown: bool,
    /// There was no opportunity of it before this run: if there is one, there is its order.
    pub(super) fresh: bool,
    /// A call that makes opportunity or order was sent in this run.
    pub(super) sent: bool,
    /// As it was last found. Until the quotation stands it is found anew at each attempt: staff may have merged it.
    pub(super) customer: Option<Customer>,
    /// A call that makes the partner was sent.
    pub(super) partner_sent: bool,
    pub(super) salesperson: Option<Salesperson>,
    /// The products, once they were found.
    pub(super) lines: Option<Vec<Line>>,
    pub(super) stands: Option<Standing>,
    unexplained: u32,
    unread: u32,
}

/// The customer's partner.
#[derive(Clone)]
pub(super) struct Customer {
    pub(super) partner_id: i64,
    /// `None` while an earlier process may have made it.
    pub(super) origin: Option<Origin>,
    /// The telephone number that it has in Odoo.
    pub(super) phone: Option<String>,
}

/// Where a quotation stands in Odoo: its opportunity, its order, or both.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) lead: Option<i64>,
    pub(super) order: Option<i64>,
    /// It was there before this run: another process made it.
    pub(super) existing: bool,
}

pub(super) enum Salesperson {
    Given(i64),
    Claimed(Claim),
}

impl Salesperson {
    pub(super) fn user_id(&self) -> i64 {
        match self {
            Self::Given(user) => *user,
            Self::Claimed(claim) => claim.user_id(),
        }
    }
}

impl Draft {
    /// Nothing is known yet.
    pub fn new(before: Before, language: Language) -> Self {
        Self {
            before,
            language,
            unsure: before != Before::Nobody,
            outcome_unknown: before == Before::Run,
            fresh: before == Before::Nobody,
            sent: false,
            customer: None,
            partner_sent: false,
            salesperson: None,
            lines: None,
            stands: None,
            unexplained: 0,
            unread: 0,
        }
    }

    /// What who asked for it reads.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether nobody knows what there is in Odoo beyond [`Draft::output`].
    pub fn outcome_unknown(&self) -> bool {
        self.outcome_unknown
    }

    /// What has been made so far.
    pub fn output(&self) -> QuotationOutput {
        let stands = self.stands.unwrap_or_default();
        let origin = if stands.existing { Origin::Existing } else { Origin::Created };
        let user = self.salesperson.as_ref().map(|salesperson| match salesperson {
            Salesperson::Given(_) => Origin::Given,
            Salesperson::Claimed(_) => Origin::Balanced,
        });
        QuotationOutput {
            partner_id: self.customer.as_ref().map(|customer| customer.partner_id),
            lead_id: stands.lead,
            opportunity_id: stands.lead,
            sale_order_id: stands.order,
            user_id: self.salesperson.as_ref().map(Salesperson::user_id),
            steps: Steps {
                partner: self.customer.as_ref().and_then(|customer| customer.origin),
                user,
                lead: stands.lead.map(|_| origin),
                sale_order: stands.order.map(|_| origin),
            },
            ..QuotationOutput::default()
        }
    }

    /// The end of a quotation that is made for sure, of which this run knows although it cannot be read.
    pub fn made(&self) -> Option<QuotationOutput> {
        let stands = self.stands?;
        // The order of an opportunity that stood before may be gone.
        let lead = stands.lead.filter(|_| stands.order.is_some() || self.fresh)?;
        Some(QuotationOutput { warnings: vec![texts::not_read(lead, self.language)], ..self.output() })
    }

    /// Takes in what was found; gives what is to be done about the customer, and a column of this Odoo only.
    pub(super) fn learn(&mut self, checked: Checked) -> (Choice, Option<(&'static str, i64)>) {
        let Checked { customer, salesperson, lines, extra } = checked;
        self.salesperson = self.salesperson.take().or(salesperson);
        self.lines = self.lines.take().or(lines);
        (customer, extra)
    }

    /// It is in Odoo, and was looked for there.
    pub(super) fn recalled(&mut self, lead: Option<i64>, order: Option<i64>) {
        let existing = self.before == Before::Elsewhere && !self.sent;
        self.found(Standing { lead, order, existing });
    }

    /// It is in Odoo.
    pub(super) fn found(&mut self, standing: Standing) {
        self.stands = Some(standing);
        (self.unsure, self.outcome_unknown) = (false, false);
    }

    /// Reading the quotation that stands failed: its end all the same, where reading again is of no use.
    pub(super) fn unread(&mut self, error: QuotationError) -> Result<QuotationOutput, QuotationError> {
        let unreadable = matches!(error, QuotationError::Odoo(_) | QuotationError::Unreadable(_));
        // A log-in that is refused may be accepted again.
        let passing =
            error.is_transient() || matches!(error, QuotationError::Odoo(OdooError::AccessDenied(_)));
        self.unread += 1;
        match self.made() {
            Some(made) if unreadable && (self.unread >= UNREAD || !passing) => Ok(made),
            _ => {
                // The opportunity stands; whether its order does, nobody could read.
                self.outcome_unknown = unreadable;
                Err(error)
            }
        }
    }

    /// A call that makes records failed, and they are not there: whether to try again.
    pub(super) fn refused(&mut self, error: OdooError) -> OdooError {
        match error {
            OdooError::Unexplained(said) => {
                self.unexplained += 1;
                if self.unexplained < UNEXPLAINED {
                    OdooError::Unexplained(said)
                } else {
                    OdooError::Validation(said)
                }
            }
            error => error,
        }
    }
}
