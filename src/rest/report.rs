//! A report of Odoo as a file.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mcp_odoo_core::input;
use mcp_odoo_core::reports::ReportRequest;
use mcp_odoo_tools::dispatch;
use mcp_odoo_tools::files::{GetReport, NO_PDF};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::error::Problem;
use crate::extract::Asked;

/// The report that an address names, by the rules of the operation.
pub struct AtAddress(ReportRequest);

impl<S: Send + Sync> FromRequestParts<S> for AtAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((report_name, ids))) = path else { return Err(Problem::no_such_path().await) };
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let mut asked: Map<String, Value> =
            query.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        let ids: Vec<Value> = ids.split(',').map(|id| json!(id.trim())).collect();
        asked.insert("report_name".to_owned(), report_name.into());
        asked.insert("record_ids".to_owned(), ids.into());
        input::parse(asked.into()).map(Self).map_err(Problem::invalid)
    }
}

/// Gives a report of one or more records as a file.
///
/// By portal link where this service has an API key, which gives quotations, invoices and purchase orders one at a time; every
/// report where it has a password.
#[utoipa::path(
    get,
    path = "/odoo/report/{report_name}/{ids}",
    tag = "odoo",
    params(
        ("report_name" = String, Path, example = "sale.report_saleorder", description = "Its name in Odoo"),
        ("ids" = String, Path, example = "7", description = "The records, by commas"),
        ("format" = Option<String>, Query, example = "pdf", description = "`pdf` (as when left out), `html` or `text`"),
    ),
    responses(
        (status = 200, description = "The file", content(
            (String = "application/pdf"), (String = "text/html"), (String = "text/plain"),
        )),
        (status = 422, description = "There is no such report or record; `detail` names the reports there are",
            body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The caller has asked for too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait"))),
        (status = 502, description = "Odoo failed, makes no PDFs, or gives this report only to who has a password",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn report(
    Asked { call, with: AtAddress(request), .. }: Asked<GetReport, AtAddress>,
) -> Result<Response, Problem> {
    let report = dispatch::<GetReport>(call, request).await?;
    if let Some(why) = report.no_pdf {
        let detail = format!("{why}; ?format=html gives the report as a web page");
        return Err(Problem::new(StatusCode::BAD_GATEWAY, NO_PDF, detail));
    }
    let name: String = form_urlencoded::byte_serialize(report.file_name.as_bytes()).collect();
    let headers = [
        (header::CONTENT_TYPE, report.format.content_type().to_owned()),
        // What Odoo renders must not run here as a page of this service.
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, report.file).into_response())
}
