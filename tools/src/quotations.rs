//! Whole quotations, made by the same tasks as over REST.

use std::sync::Arc;

use garde::Validate;
use mcp_odoo_core::input::{self, FieldError};
use mcp_odoo_core::key::IdempotencyKey;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::quotation::request::QuotationRequest;
use mcp_odoo_core::quotation::status::{OrderedProduct, QuotationOutput, QuotationStatus, State};
use mcp_odoo_core::quotation::told::Told;
use mcp_odoo_core::tasks::{Caller, Door, SubmitError, Subscription};
use rmcp::RoleServer;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolResult, JsonObject, ProgressNotificationParam};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::reply::{self, Text};
use crate::route::{Does, Spec, answered, given};
use crate::{OdooTools, schema};

const KEY: &str = "idempotency_key";
/// What a model needs to know of the answer beforehand; the rest of it speaks for itself.
const TOLD: [&str; 4] = ["tracking_id", "status", "output", "error"];

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct StatusRequest {
    /// As dev_create_quotation gave it
    #[garde(skip)]
    tracking_id: String,
}

#[derive(Deserialize, Validate)]
struct Key {
    #[garde(skip)]
    idempotency_key: Option<IdempotencyKey>,
}

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new().with_route(create_quotation()).with_route(quotation_status())
}

fn create_quotation() -> ToolRoute<OdooTools> {
    let spec = Spec {
        name: "dev_create_quotation",
        title: "Create quotation",
        description: "Makes a whole quotation (cotización): customer by e-mail, opportunity, order, lines. Use it \
                      when someone wants a price or offer; to change one use dev_update_sale. E.g. \
                      {\"partner_name\":\"Torres SA\",\"contact_name\":\"Luis\",\"email\":\"luis@torres.mx\",\
                      \"phone\":\"3312345678\",\"lead_name\":\"Robot\",\"product_id\":26174}. If processing, ask \
                      dev_get_quotation_status.",
        does: Does::Add,
        text: Text::Lines,
    };
    let tool = spec.tool(request_schema(), Some(answer_schema()));
    ToolRoute::new_dyn(tool, |context: ToolCallContext<'_, OdooTools>| {
        let tools = context.service.clone();
        let (arguments, request) = (given(context.arguments), context.request_context);
        answered(async move { make(&tools, arguments, &request).await })
    })
}

fn quotation_status() -> ToolRoute<OdooTools> {
    let spec = Spec {
        name: "dev_get_quotation_status",
        title: "Quotation status",
        description: "Where a quotation stands, however old: ask when dev_create_quotation answered \
                      processing.",
        does: Does::Read,
        text: Text::Lines,
    };
    let tool = spec.tool(schema::input::<StatusRequest>(), None);
    ToolRoute::new_dyn(tool, |context: ToolCallContext<'_, OdooTools>| {
        let tools = context.service.clone();
        let arguments = given(context.arguments);
        answered(async move { status(&tools, arguments).await })
    })
}

async fn make(tools: &OdooTools, arguments: JsonObject, call: &RequestContext<RoleServer>) -> CallToolResult {
    let (request, key) = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(errors) => return reply::invalid(&errors),
    };
    let accepted = match tools.shared.tasks.submit(request, key.as_ref(), &caller(call)).await {
        Ok(accepted) => accepted,
        Err(error) => return refused(&error),
    };
    let (mut last, mut changes, is_repeat) = (accepted.status, accepted.changes, accepted.is_repeat);
    // From here on the quotation is made whether or not somebody waits for it.
    let waiting = tokio::time::timeout(tools.shared.inline, follow(&mut changes, call, &mut last));
    // Cancelled or late, what is known by then is told.
    let _ = call.ct.run_until_cancelled(waiting).await;
    let failed = last.status == State::Failed;
    let mut result = if is_repeat { told_again(&last) } else { told(&last) };
    result.is_error = Some(failed);
    result
}

/// Who calls, as far as the request tells: over stdio there is only one.
fn caller(call: &RequestContext<RoleServer>) -> Caller {
    let headers = call.extensions.get::<http::request::Parts>().map(|parts| &parts.headers);
    let log_in = headers.and_then(|headers| headers.get(http::header::AUTHORIZATION));
    let name = log_in.map(|log_in| String::from_utf8_lossy(log_in.as_bytes()).into_owned());
    Caller { door: Door::Mcp, name: name.unwrap_or_default() }
}

/// Tells each step to a client that asked for progress, until there are no more.
async fn follow(changes: &mut Subscription, call: &RequestContext<RoleServer>, last: &mut Arc<Told>) {
    let token = call.meta.get_progress_token();
    let mut steps = 0.0;
    while let Some(status) = changes.next().await {
        let news = steps == 0.0 || status.progress != last.progress;
        *last = status;
        if last.status.is_final() {
            return;
        }
        if let Some(token) = token.clone().filter(|_| news) {
            steps += 1.0;
            let progress = ProgressNotificationParam::new(token, steps).with_message(last.progress.clone());
            // A client that does not hear it can still ask for the status.
            let _ = call.peer.notify_progress(progress).await;
        }
    }
}

async fn status(tools: &OdooTools, arguments: JsonObject) -> CallToolResult {
    let StatusRequest { tracking_id } = match input::parse(arguments.into()) {
        Ok(request) => request,
        Err(errors) => return reply::invalid(&errors),
    };
    let unknown = || {
        let sentence = format!(
            "there is no quotation {tracking_id}: use the tracking_id that dev_create_quotation gave"
        );
        reply::failed(&sentence, "not_found")
    };
    let Ok(id) = tracking_id.trim().parse::<TrackingId>() else { return unknown() };
    match tools.shared.tasks.status(&id).await {
        Ok(Some(status)) => told(&status),
        Ok(None) => unknown(),
        Err(error) => {
            tracing::error!(%error, "the journal cannot be read");
            reply::failed(&"the service cannot read its log files: try again later", "journal_unavailable")
        }
    }
}

/// The request and the key, or every bad field of both.
fn parse(mut arguments: JsonObject) -> Result<(QuotationRequest, Option<IdempotencyKey>), Vec<FieldError>> {
    let key = arguments.remove_entry(KEY).into_iter().collect::<JsonObject>();
    match (input::parse(arguments.into()), input::parse::<Key>(key.into())) {
        (Ok(request), Ok(key)) => Ok((request, key.idempotency_key)),
        (request, key) => {
            Err(request.err().into_iter().flatten().chain(key.err().into_iter().flatten()).collect())
        }
    }
}

fn refused(error: &SubmitError) -> CallToolResult {
    match error {
        SubmitError::QueueFull { .. } => reply::failed(error, "queue_full"),
        SubmitError::Stopping => reply::failed(error, "stopping"),
        SubmitError::KeyReused => {
            let sentence =
                "this idempotency_key was used for another quotation: use a new key for a new quotation";
            reply::failed(&sentence, "idempotency_key_reused")
        }
        SubmitError::OtherOdoo => {
            let sentence = "this idempotency_key was used for a quotation in another Odoo: use a new key";
            reply::failed(&sentence, "idempotency_key_reused")
        }
        SubmitError::Journal(error) => {
            tracing::error!(%error, "the journal cannot be used");
            let sentence = "the service cannot write its log files, so nothing was made: try again later";
            reply::failed(&sentence, "journal_unavailable")
        }
    }
}

fn told(status: &QuotationStatus) -> CallToolResult {
    match reply::structured(status) {
        Some(structured) => reply::with(structured, sentence(status)),
        None => reply::failed(&"the status has no JSON form", "internal_error"),
    }
}

/// Of a request that was made a moment ago, too.
fn told_again(status: &QuotationStatus) -> CallToolResult {
    const AGAIN: &str = "This is the same request as a moment ago: this is its quotation, no second one was made. For a \
                         second one call again with a new idempotency_key.";
    let Some(mut structured) = reply::structured(status) else { return told(status) };
    if let Some(fields) = structured.as_object_mut() {
        fields.insert("message".to_owned(), AGAIN.into());
    }
    reply::with(structured, format!("{AGAIN}\n{}", sentence(status)))
}

fn sentence(status: &QuotationStatus) -> String {
    let id = &status.tracking_id;
    let made = status.output.as_ref().map(facts).unwrap_or_default();
    match status.status {
        State::Queued | State::Processing => format!(
            "Not finished yet: {} Ask dev_get_quotation_status with tracking_id {id} in a few seconds; \
             do not create it again.",
            status.progress
        ),
        State::Failed => {
            let (error, code) = (status.error.as_deref(), status.error_code.as_deref());
            let made = if made.is_empty() { made } else { format!("\nIn Odoo already:{made}") };
            format!("{} ({}, tracking_id {id}){made}", error.unwrap_or_default(), code.unwrap_or_default())
        }
        State::Completed => format!("Quotation completed (tracking_id {id}){made}"),
    }
}

/// What there is in Odoo, a line for each.
fn facts(output: &QuotationOutput) -> String {
    let named = |name: &Option<String>, id: Option<i64>| match (name, id) {
        (Some(name), Some(id)) => Some(format!("{name} ({id})")),
        (None, Some(id)) => Some(id.to_string()),
        (_, None) => None,
    };
    let currency = output.currency.as_deref().unwrap_or_default();
    let lines = output.products_added.iter();
    let lines = lines.map(|line| {
        let OrderedProduct { line_id, qty, product_name, price, .. } = line;
        format!("\n- line {line_id}: {qty} × {product_name} at {price:.2}")
    });
    let facts = [
        ("order", named(&output.sale_order_name, output.sale_order_id)),
        ("customer", named(&output.partner_name, output.partner_id)),
        ("opportunity", named(&output.lead_name, output.lead_id)),
        ("salesperson", output.user_id.map(|id| id.to_string())),
        ("untaxed", output.amount_untaxed.map(|amount| format!("{amount:.2}"))),
        ("tax", output.amount_tax.map(|amount| format!("{amount:.2}"))),
        ("total", output.amount_total.map(|total| format!("{total:.2} {currency}"))),
        ("url", output.odoo_url.clone()),
    ];
    let facts = facts.into_iter().filter_map(|(label, fact)| Some(format!("\n{label}: {}", fact?)));
    facts.chain(lines).collect()
}

fn answer_schema() -> JsonObject {
    let mut schema = schema::output::<QuotationStatus>();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| TOLD.contains(&name.as_str()));
    }
    schema
}

fn request_schema() -> JsonObject {
    let mut schema = schema::input::<QuotationRequest>();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let description = "A repeat with the same key makes nothing twice";
        properties.insert(KEY.to_owned(), json!({ "type": "string", "description": description }));
    }
    schema
}
