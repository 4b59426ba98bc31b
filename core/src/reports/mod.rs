//! Reports of Odoo as files: a quotation as PDF, an invoice, a list.

mod error;
mod found;
mod request;

pub use self::error::ReportError;
pub use self::request::{Format, ReportRequest, SalePdf};

use std::collections::BTreeSet;

use futures::future::try_join_all;

use self::found::Known;
use crate::access::models::{Models, Verb};
use crate::erp::ErpError;
use crate::html;
use crate::odoo::{Call, OdooError, Page, Rendering};
use crate::records::Records;
use crate::records::retry::retried;

/// More than this no client takes as one answer.
pub const LARGEST_MIB: usize = 10;
const LARGEST: usize = LARGEST_MIB << 20;
/// The reports that the page of a portal link gives, too, one record at a time.
const BY_LINK: [(&str, &str); 3] = [
    ("sale.report_saleorder", "sale.order"),
    ("account.report_invoice_with_payments", "account.move"),
    ("purchase.report_purchaseorder", "purchase.order"),
];
/// Characters of a file's name.
const LONGEST_NAME: usize = 80;

/// A report of some records.
#[derive(Debug)]
pub struct Report {
    /// By which Odoo knows it.
    pub report_name: String,
    /// The model it is about.
    pub model: String,
    /// The records it shows.
    pub record_ids: Vec<i64>,
    /// What it is.
    pub format: Format,
    /// A name for the file.
    pub file_name: String,
    /// The file.
    pub file: Vec<u8>,
    /// Why it is a web page, where a PDF was asked for.
    pub no_pdf: Option<String>,
}

impl Report {
    /// Renders a report for somebody who may read the records it is about.
    ///
    /// # Errors
    /// When there is no such report or record, the rules close it, this service cannot come by it, or Odoo fails.
    pub async fn render(
        records: &Records,
        models: &Models,
        request: &ReportRequest,
        read_only: bool,
    ) -> Result<Self, ReportError> {
        let known = Known::find(records, models, &request.report_name).await?;
        models.allow(&known.model, Verb::Read)?;
        let ids = request.unique_ids();
        let wants_pdf = request.format == Format::Pdf;
        let (shown, there, pdf) = tokio::join!(
            not_hidden(records, models, &known.model),
            there(records, &known.model, &ids),
            async { if wants_pdf { no_pdf(records).await } else { Ok(None) } }
        );
        let (names, no_pdf) = (shown.and(there)?, pdf?);
        let format = if no_pdf.is_some() { Format::Html } else { request.format };
        let file = known.render(records, &ids, format, read_only).await?;
        if file.len() > LARGEST {
            return Err(ReportError::TooLarge { bytes: file.len() });
        }
        let name = match names.as_slice() {
            [only] => only,
            _ => &known.report_name,
        };
        let file_name = format!("{}.{}", plain_name(name), format.extension());
        let Known { report_name, model, .. } = known;
        Ok(Self { report_name, model, record_ids: ids, format, file_name, file, no_pdf })
    }
}

/// What a report shows nobody can say beforehand: where fields are hidden, of its model or of one that this points to, it is
/// not made.
async fn not_hidden(records: &Records, models: &Models, model: &str) -> Result<(), ReportError> {
    if !models.hides() {
        return Ok(());
    }
    let fields = retried(|| records.fields(model)).await.map_err(|(error, _)| failed(records, error))?;
    // With what its lines point to.
    let lines = fields
        .values()
        .filter(|field| field.kind == "one2many")
        .filter_map(|field| field.relation.as_deref());
    let lines: BTreeSet<&str> = lines.collect();
    let of_lines = lines.into_iter().map(|line| retried(move || records.fields(line)));
    let of_lines = try_join_all(of_lines).await.map_err(|(error, _)| failed(records, error))?;
    let all = std::iter::once(&fields).chain(&of_lines).flat_map(|fields| fields.values());
    let related = all.filter_map(|field| field.relation.as_deref());
    let hides = |model: &str| models.hidden(model).is_some_and(|fields| !fields.is_empty());
    match std::iter::once(model).chain(related).find(|model| hides(model)) {
        Some(hiding) => Err(ReportError::Hidden { model: model.to_owned(), hiding: hiding.to_owned() }),
        None => Ok(()),
    }
}

/// The names of the records, all of which must be there.
async fn there(records: &Records, model: &str, ids: &[i64]) -> Result<Vec<String>, ReportError> {
    let read = retried(|| records.odoo.read(model, ids, &["display_name"])).await;
    let missing = |ids: Vec<i64>| ReportError::NotFound { model: model.to_owned(), ids };
    let found = match read {
        Err((OdooError::MissingRecord(_), _)) if ids.len() == 1 => return Err(missing(ids.to_vec())),
        read => read.map_err(|(error, _)| failed(records, error))?,
    };
    let is_there = |id: &i64| found.iter().any(|record| record.id().ok().as_ref() == Some(id));
    let lacking: Vec<i64> = ids.iter().filter(|id| !is_there(id)).copied().collect();
    if !lacking.is_empty() {
        return Err(missing(lacking));
    }
    let name = |record| crate::odoo::Record::text(record, "display_name").ok().flatten().unwrap_or_default();
    Ok(found.iter().map(|record| name(record).to_owned()).collect())
}

/// Why this Odoo makes no PDF, if it does not.
async fn no_pdf(records: &Records) -> Result<Option<String>, ReportError> {
    let state = retried(|| records.odoo.call(Call::new("ir.actions.report", "get_wkhtmltopdf_state"))).await;
    let state = state.map_err(|(error, _)| failed(records, error))?;
    let lack = match state.as_str() {
        Some("ok" | "upgrade") => return Ok(None),
        Some("install") => "wkhtmltopdf is not installed on its server",
        Some("workers") => "it needs at least two workers for that",
        Some("broken") => "wkhtmltopdf does not work on its server",
        _ => {
            return Err(failed(records, OdooError::Malformed("the state of wkhtmltopdf is none".to_owned())));
        }
    };
    Ok(Some(format!("Odoo makes no PDFs, {lack}: tell its administrator")))
}

impl Known {
    /// By a session where there may be one: a link gives one report of one record, and leaves its key in the record.
    async fn render(
        &self,
        records: &Records,
        ids: &[i64],
        format: Format,
        read_only: bool,
    ) -> Result<Vec<u8>, ReportError> {
        let rendering = match format {
            Format::Pdf => Rendering::Pdf,
            Format::Text if self.is_text => Rendering::Text,
            Format::Html | Format::Text => Rendering::Html,
        };
        let odoo = &records.odoo;
        let page = async || content(odoo.report(&self.report_name, ids, rendering).await?, rendering);
        let rendered = match retried(page).await {
            Err((OdooError::AccessDenied(_), _)) if read_only => return Err(ReportError::ReadOnly),
            Err((OdooError::AccessDenied(_), _)) => self.by_link(records, ids, rendering).await?,
            rendered => rendered.map_err(|(error, _)| failed(records, error))?,
        };
        Ok(match format {
            Format::Text if !self.is_text => html::to_text(&String::from_utf8_lossy(&rendered)).into_bytes(),
            _ => rendered,
        })
    }

    async fn by_link(
        &self,
        records: &Records,
        ids: &[i64],
        rendering: Rendering,
    ) -> Result<Vec<u8>, ReportError> {
        let has_link = BY_LINK.contains(&(&self.report_name, &self.model));
        let &[id] = ids else { return Err(self.no_way(has_link)) };
        if !has_link {
            return Err(self.no_way(false));
        }
        let odoo = &records.odoo;
        let page = async || {
            // Without a kind it is the customer's page, and to open that is noted as a visit of theirs.
            let call = Call::new(self.model.as_str(), "get_portal_url")
                .on(&[id])
                .kwarg("report_type", rendering.name())
                .kwarg("download", true);
            let link = odoo.call(call).await?;
            let link = link.as_str().filter(|link| link.contains("report_type="));
            let link = link.ok_or_else(|| OdooError::Malformed("a portal link is no address".to_owned()))?;
            content(odoo.page(link).await?, rendering)
        };
        retried(page).await.map_err(|(error, _)| failed(records, error))
    }

    fn no_way(&self, one_at_a_time: bool) -> ReportError {
        ReportError::NoWay { report_name: self.report_name.clone(), one_at_a_time }
    }
}

/// The report, if that is what came.
fn content(page: Page, rendering: Rendering) -> Result<Vec<u8>, OdooError> {
    let Page { status, content_type, body } = page;
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match status {
        200 => {}
        300..=399 => {
            return Err(OdooError::AccessError("it asks for a log-in in place of the report".to_owned()));
        }
        403 => return Err(OdooError::AccessError("the report was refused (HTTP 403)".to_owned())),
        404 => return Err(OdooError::Unknown("there is no such page (HTTP 404)".to_owned())),
        400 | 422 | 500 => {
            return Err(OdooError::Server(format!("it could not make the report (HTTP {status})")));
        }
        status => return Err(OdooError::Gateway(status)),
    }
    let is_it = match rendering {
        Rendering::Pdf => kind == "application/pdf" && body.starts_with(b"%PDF"),
        Rendering::Html => kind == "text/html",
        Rendering::Text => matches!(kind.as_str(), "text/plain" | "text/html"),
    };
    match is_it {
        true => Ok(body),
        false => Err(OdooError::Malformed(format!("no {} came in place of the report", rendering.name()))),
    }
}

fn failed(records: &Records, error: OdooError) -> ReportError {
    ErpError::Odoo { error, instance: records.instance }.into()
}

/// What every system takes as the name of a file.
fn plain_name(name: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.trim().chars().take(LONGEST_NAME).map(letter).collect();
    let name = name.trim_matches(['.', '_']);
    if name.is_empty() { "report".to_owned() } else { name.to_owned() }
}
