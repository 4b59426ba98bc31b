//! The customer of a quotation: the partner that has the address now, or a new one.
//!
//! The address decides, not who once had it: where staff gave the partner that this service made another address, the
//! external id stands for somebody else, and the next generation of it names the partner of this one.

use serde_json::{Map, json};

use super::company::Company;
use super::id::partner_external_name;
use super::request::QuotationRequest;
use super::rows;
use crate::external_id::MODULE;
use crate::odoo::{ExternalRef, Odoo, OdooError, Record, SearchRead};

const MODEL: &str = "res.partner";
const FIELDS: [&str; 5] = ["email", "email_normalized", "active", "company_id", "phone"];
/// Partners of one address that are looked through.
const MOST: u64 = 50;

/// What is in Odoo for an address.
pub(super) struct Found {
    /// All partners of the address, the archived ones last, else lowest id first.
    partners: Vec<Partner>,
    /// What the first generation of the external id stands for.
    named: Option<ExternalRef>,
}

struct Partner {
    id: i64,
    active: bool,
    company: Option<i64>,
    phone: Option<String>,
}

/// What is to be done about the customer.
pub(super) enum Choice {
    /// Take this one, which has this telephone number.
    Take(i64, Option<String>),
    /// Take this one out of the archive.
    Reactivate(i64, Option<String>),
    /// Make one: nobody usable has the address.
    Make(Option<ExternalRef>),
}

impl Found {
    /// Whether the order's company decides who may be taken.
    pub(super) fn depends_on_company(&self) -> bool {
        self.partners.iter().any(|partner| partner.company.is_some())
    }

    /// The partner that an order of this company may use. One that is archived is better than a second one of the same
    /// address: it has the customer's history, and staff see that it is back.
    pub(super) fn choose(self, company: Option<i64>) -> Choice {
        let usable = |partner: &&Partner| partner.company.is_none() || partner.company == company;
        let usable: Vec<&Partner> = self.partners.iter().filter(usable).collect();
        match (usable.iter().find(|partner| partner.active), usable.first()) {
            (Some(active), _) => Choice::Take(active.id, active.phone.clone()),
            (None, Some(archived)) => Choice::Reactivate(archived.id, archived.phone.clone()),
            (None, None) => Choice::Make(self.named),
        }
    }
}

/// Asks for the partners of an address together with what its external id stands for.
pub(super) async fn find(odoo: &Odoo, email: &str) -> Result<Found, OdooError> {
    // A condition on `active` lets archived ones be found.
    let domain =
        json!([["email_normalized", "=", normalised_by_odoo(email)], ["active", "in", [true, false]]]);
    let order = Some("active desc, id");
    let query = SearchRead { fields: &FIELDS, limit: Some(MOST), order, ..SearchRead::default() };
    let name = partner_external_name(email, None, 0);
    let (found, named) =
        tokio::try_join!(odoo.search_read(MODEL, domain, &query), odoo.external_id(MODULE, &name))?;
    let partners = found.iter().map(partner).collect::<Result<_, _>>()?;
    Ok(Found { partners, named })
}

fn partner(record: &Record) -> Result<Partner, OdooError> {
    let company = record.many2one("company_id")?.map(|(id, _)| id);
    let phone = record.text("phone")?.map(str::to_owned);
    Ok(Partner { id: record.id()?, active: record.bool("active")?, company, phone })
}

/// Odoo takes blanks in a quoted local part, `"A b"@x`, for commas.
fn normalised_by_odoo(email: &str) -> String {
    email.replace(' ', ",")
}

pub(super) async fn reactivate(odoo: &Odoo, partner_id: i64) -> Result<(), OdooError> {
    odoo.write(MODEL, &[partner_id], Map::from_iter([("active".to_owned(), json!(true))])).await
}

/// Makes the partner, under the first generation of the external id that stands for nobody else.
pub(super) async fn make(
    odoo: &Odoo,
    request: &QuotationRequest,
    mut named: Option<ExternalRef>,
    company: &Company,
) -> Result<i64, OdooError> {
    let (mut generation, mut of) = (0, None);
    loop {
        let name = partner_external_name(&request.email, of, generation);
        let id = match named {
            None => return load(odoo, &name, request).await,
            // It was not found by its address: somebody else by now, or made between the two questions.
            Some(ExternalRef { id: Some(id), .. }) => id,
            // It cannot be read, or is gone and Odoo does not know yet.
            Some(ExternalRef { id: None, .. }) => load(odoo, &name, request).await?,
        };
        of = company.id().await?;
        if stands_for(odoo, id, request, of).await? {
            return Ok(id);
        }
        generation += 1;
        named = odoo.external_id(MODULE, &partner_external_name(&request.email, of, generation)).await?;
    }
}

/// Whether the partner has the address of the request and may be used by this company.
async fn stands_for(
    odoo: &Odoo,
    id: i64,
    request: &QuotationRequest,
    company: Option<i64>,
) -> Result<bool, OdooError> {
    let record = match odoo.read(MODEL, &[id], &FIELDS).await {
        Ok(records) => records.into_iter().next(),
        Err(OdooError::AccessError(_)) => None,
        Err(error) => return Err(error),
    };
    let Some(record) = record else { return Ok(false) };
    let partner = partner(&record)?;
    // As it was written, too: wherever Odoo would normalise it otherwise, it is this customer's all the same.
    let address = record.text("email_normalized")? == Some(normalised_by_odoo(&request.email).as_str())
        || record.text("email")? == Some(request.email.as_str());
    Ok(address && partner.active && (partner.company.is_none() || partner.company == company))
}

async fn load(odoo: &Odoo, name: &str, request: &QuotationRequest) -> Result<i64, OdooError> {
    let table = rows::partner(&format!("{MODULE}.{name}"), request);
    super::pipeline::load(odoo, MODEL, table).await
}
