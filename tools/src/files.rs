//! Reports as files.

use futures::FutureExt;
use futures::future::BoxFuture;
use garde::Validate;
use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::input;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::reports::{Format, Report, ReportRequest, SalePdf};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::operation::{Does, OK, Operation, Spec, Text};
use crate::reply::{File, Reply};
use crate::tool::{Object, Tool, invalid};
use crate::{dispatch, schema};

/// The code of a report that is there, but not as a PDF.
pub const NO_PDF: &str = "no_pdf";
/// Bytes of a text that a model reads at once.
const READ_AT_ONCE: usize = 75_000;

/// Any report.
pub struct GetReport;

impl Operation for GetReport {
    const SPEC: Spec = Spec {
        name: "get_report",
        title: "Get report",
        description: "A report (informe) of records as a file: pdf, html, or text to read it. A wrong name is answered \
            with the names there are. E.g. {\"report_name\":\"sale.report_saleorder\",\"record_ids\":[7],\
            \"format\":\"text\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = ReportRequest;
    type Answer = Report;

    fn named(request: &ReportRequest) -> Vec<Id> {
        request.record_ids.iter().map(|id| (*id).into()).collect()
    }

    fn outcome(report: &Report) -> &'static str {
        outcome(report)
    }

    async fn run(call: Call, request: ReportRequest) -> Result<Report, Refusal> {
        let (erp, access) = (call.reader().await?, &call.tenant.access);
        Ok(Report::render(erp.records(), &access.models(), &request, access.config().read_only).await?)
    }
}

/// A quotation or order to send to the customer.
pub struct GetSalePdf;

impl Operation for GetSalePdf {
    const SPEC: Spec = Spec {
        name: "sale_pdf",
        title: "Sale as PDF",
        description: "The PDF of a quotation or order as the customer gets it (PDF de la cotización o del pedido).",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SalePdf;
    type Answer = Report;

    fn named(request: &SalePdf) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    fn outcome(report: &Report) -> &'static str {
        outcome(report)
    }

    async fn run(call: Call, request: SalePdf) -> Result<Report, Refusal> {
        GetReport::run(call, request.into()).await
    }
}

fn outcome(report: &Report) -> &'static str {
    if report.no_pdf.is_some() { NO_PDF } else { OK }
}

/// [`GetReport`], which answers with a file.
pub(crate) fn report_tool() -> Tool {
    Tool::new(&GetReport::SPEC, schema::input::<ReportRequest>(), None, run::<GetReport>)
}

/// The same by the name of another system.
pub(crate) fn odoo_report_tool() -> Tool {
    static SPEC: Spec = Spec {
        name: "odoo_report",
        description: "A report of records as a file: get_report by another name.",
        ..GetReport::SPEC
    };
    report_tool().called(&SPEC)
}

/// [`GetSalePdf`], likewise.
pub(crate) fn sale_pdf_tool() -> Tool {
    Tool::new(&GetSalePdf::SPEC, schema::input::<SalePdf>(), None, run::<GetSalePdf>)
}

fn run<O>(call: Call, arguments: Object) -> BoxFuture<'static, Reply>
where
    O: Operation<Answer = Report>,
    O::Request: DeserializeOwned + Validate<Context = ()> + JsonSchema,
{
    async move {
        match input::parse::<O::Request>(arguments.into()) {
            Ok(request) => match dispatch::<O>(call, request).await {
                Ok(report) => told(report),
                Err(refusal) => Reply::refused(refusal),
            },
            Err(errors) => invalid(&O::SPEC, &call, errors),
        }
    }
    .boxed()
}

/// A text is there to be read; other files go beside a word on what they are.
fn told(report: Report) -> Reply {
    let Report { report_name, model, record_ids, format, file_name, file, no_pdf } = report;
    let bytes = file.len();
    if format == Format::Text {
        let text = cut(String::from_utf8_lossy(&file).into_owned());
        return Reply { structured: None, text, failure: None, file: None };
    }
    let told = json!({
        "file": file_name, "content_type": format.content_type(), "bytes": bytes, "report_name": report_name,
        "model": model, "record_ids": record_ids,
    });
    let ids = record_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let uri = format!("odoo://report/{report_name}/{ids}/{file_name}");
    let file = Some(File { uri, content_type: format.content_type(), content: file });
    match no_pdf {
        Some(why) => {
            let sentence = format!("{why}. The report goes with this as HTML");
            Reply { file, ..Reply::refused(Refusal::new(Kind::Upstream, NO_PDF, sentence)) }
        }
        None => {
            let text = format!("{file_name}: {bytes} bytes, {report_name} of {model} {ids}");
            Reply { structured: Some(told), text, failure: None, file }
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > READ_AT_ONCE {
        let end = text.floor_char_boundary(READ_AT_ONCE);
        let more = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("\n[cut: {more} bytes more; ask for fewer records, or for the pdf]"));
    }
    text
}
