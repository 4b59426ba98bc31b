//! Whole quotations, made by the same tasks over REST and MCP.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use garde::Validate;
use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::{Call, unless};
use mcp_odoo_core::input::{self, FieldError};
use mcp_odoo_core::key::IdempotencyKey;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::quotation::request::QuotationRequest;
use mcp_odoo_core::quotation::status::{OrderedProduct, QuotationOutput, QuotationStatus, State};
use mcp_odoo_core::quotation::told::Told;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tasks::{Accepted, Subscription};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::operation::{Does, OK, Operation, Spec, Text};
use crate::reply::{self, Failure, Reply};
use crate::tool::{Object, Tool, invalid};
use crate::{audit, dispatch, schema};

/// The outcome of what is asked of a quotation that is not there.
const NOT_FOUND: &str = "quotation_not_found";
const KEY: &str = "idempotency_key";
/// What a model needs to know of the answer beforehand; the rest of it speaks for itself.
const TOLD: [&str; 4] = ["tracking_id", "status", "output", "error"];

/// Accepts a quotation, which is made whether or not somebody waits for it.
pub struct CreateQuotation;

/// What is asked for.
pub struct NewQuotation {
    /// The quotation.
    pub request: QuotationRequest,
    /// What makes a repeat safe.
    pub key: Option<IdempotencyKey>,
}

impl Operation for CreateQuotation {
    const SPEC: Spec = Spec {
        name: "dev_create_quotation",
        title: "Create quotation",
        description: "Makes a whole quotation (cotización): customer by e-mail, opportunity, order, lines. Use it \
                      when someone wants a price or offer; to change one use dev_update_sale. E.g. \
                      {\"partner_name\":\"Torres SA\",\"contact_name\":\"Luis\",\"email\":\"luis@torres.mx\",\
                      \"phone\":\"3312345678\",\"lead_name\":\"Robot\",\"product_id\":26174}. If processing, ask \
                      dev_get_quotation_status.",
        does: Does::Queue,
        needs: Permission::Quotations,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = NewQuotation;
    type Answer = Accepted;

    fn told(accepted: &Accepted) -> Vec<Id> {
        touched(&accepted.status)
    }

    async fn run(call: Call, NewQuotation { request, key }: NewQuotation) -> Result<Accepted, Refusal> {
        Ok(call.tenant.tasks.submit(request, key.as_ref(), (&call.caller, call.door), call.language).await?)
    }
}

/// The quotation, and its order.
fn touched(status: &QuotationStatus) -> Vec<Id> {
    let order = status.output.as_ref().and_then(|made| made.sale_order_id).map(Id::Record);
    std::iter::once(Id::Named(status.tracking_id.to_string())).chain(order).collect()
}

/// Where a quotation stands; `None`: there is none of this id.
pub struct GetQuotationStatus;

impl Operation for GetQuotationStatus {
    const SPEC: Spec = Spec {
        name: "dev_get_quotation_status",
        title: "Quotation status",
        description: "Where a quotation stands, however old: ask when dev_create_quotation answered \
                      processing.",
        does: Does::Read,
        needs: Permission::Quotations,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = TrackingId;
    type Answer = Option<Arc<Told>>;
    const COUNTS: bool = false;

    fn named(id: &TrackingId) -> Vec<Id> {
        vec![Id::Named(id.to_string())]
    }

    fn told(status: &Self::Answer) -> Vec<Id> {
        status.as_deref().map(|status| touched(status)).unwrap_or_default()
    }

    fn outcome(status: &Self::Answer) -> &'static str {
        if status.is_some() { OK } else { NOT_FOUND }
    }

    async fn run(call: Call, id: TrackingId) -> Result<Self::Answer, Refusal> {
        let told = call.tenant.tasks.status(&id).await?;
        Ok(told.filter(|told| call.caller.may_see(&told.document().head.owner)))
    }
}

/// The changes of a quotation until it is finished; `None`: there is none of this id.
pub struct FollowQuotation;

impl Operation for FollowQuotation {
    const SPEC: Spec = Spec {
        name: "follow_quotation",
        title: "Follow quotation",
        description: "Tells each change of a quotation.",
        does: Does::Read,
        needs: Permission::Quotations,
        model: Some("sale.order"),
        text: Text::Json,
    };
    type Request = TrackingId;
    type Answer = Option<Subscription>;
    const COUNTS: bool = false;

    fn named(id: &TrackingId) -> Vec<Id> {
        vec![Id::Named(id.to_string())]
    }

    fn outcome(subscription: &Self::Answer) -> &'static str {
        if subscription.is_some() { OK } else { NOT_FOUND }
    }

    async fn run(call: Call, id: TrackingId) -> Result<Self::Answer, Refusal> {
        let tenant = Arc::clone(&call.tenant);
        match GetQuotationStatus::run(call, id.clone()).await? {
            Some(_) => Ok(tenant.tasks.subscribe(&id).await?),
            None => Ok(None),
        }
    }
}

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

/// [`CreateQuotation`], waited for a while.
pub(crate) fn create_tool() -> Tool {
    Tool::new(&CreateQuotation::SPEC, request_schema(), Some(answer_schema()), create)
}

/// [`GetQuotationStatus`] by the id as text.
pub(crate) fn status_tool() -> Tool {
    Tool::new(&GetQuotationStatus::SPEC, schema::input::<StatusRequest>(), None, status)
}

fn create(call: Call, arguments: Object) -> BoxFuture<'static, Reply> {
    async move {
        let request = match parse(arguments) {
            Ok((request, key)) => NewQuotation { request, key },
            Err(errors) => return invalid(&CreateQuotation::SPEC, &call, errors),
        };
        match dispatch::<CreateQuotation>(call.clone(), request).await {
            Ok(accepted) => waited(&call, accepted).await,
            Err(refusal) => Reply::refused(refusal),
        }
    }
    .boxed()
}

/// What a quotation has come to when nobody waits for it any longer.
async fn waited(call: &Call, accepted: Accepted) -> Reply {
    let Accepted { status: mut last, mut changes, is_repeat, .. } = accepted;
    let waiting = tokio::time::timeout(call.tenant.inline, follow(&mut changes, call, &mut last));
    // Cancelled or late, what is known by then is told.
    let _ = unless(call.stop.clone(), waiting).await;
    let reply = if is_repeat { told_again(&last) } else { told(&last) };
    match last.status {
        State::Failed => Reply { failure: Some(failure(&last)), ..reply },
        _ => reply,
    }
}

/// Why it failed, as it was written down.
fn failure(status: &QuotationStatus) -> Failure {
    let code = status.error_code.clone().unwrap_or_default();
    Failure::Refused(Refusal::new(Kind::Upstream, code, status.error.clone().unwrap_or_default()))
}

/// Tells each step, until there are no more.
async fn follow(changes: &mut Subscription, call: &Call, last: &mut Arc<Told>) {
    let mut steps = 0;
    while let Some(status) = changes.next().await {
        let news = steps == 0 || status.progress != last.progress;
        *last = status;
        if last.status.is_final() {
            return;
        }
        if news {
            steps += 1;
            call.progress.tell(steps, &last.progress).await;
        }
    }
}

fn status(call: Call, arguments: Object) -> BoxFuture<'static, Reply> {
    async move {
        let StatusRequest { tracking_id } = match input::parse(arguments.into()) {
            Ok(request) => request,
            Err(errors) => return invalid(&GetQuotationStatus::SPEC, &call, errors),
        };
        let found = match tracking_id.trim().parse::<TrackingId>() {
            Ok(id) => dispatch::<GetQuotationStatus>(call, id).await,
            Err(_) => {
                audit::refused(&GetQuotationStatus::SPEC, &call, NOT_FOUND);
                Ok(None)
            }
        };
        match found {
            Ok(Some(status)) => told(&status),
            Ok(None) => {
                let sentence = format!(
                    "there is no quotation {tracking_id}: use the tracking_id that dev_create_quotation gave"
                );
                Reply::refused(Refusal::new(Kind::Invalid, "not_found", sentence))
            }
            Err(refusal) => Reply::refused(refusal),
        }
    }
    .boxed()
}

/// The request and the key, or every bad field of both.
fn parse(mut arguments: Object) -> Result<(QuotationRequest, Option<IdempotencyKey>), Vec<FieldError>> {
    let key = arguments.remove_entry(KEY).into_iter().collect::<Object>();
    match (input::parse(arguments.into()), input::parse::<Key>(key.into())) {
        (Ok(request), Ok(key)) => Ok((request, key.idempotency_key)),
        (request, key) => {
            Err(request.err().into_iter().flatten().chain(key.err().into_iter().flatten()).collect())
        }
    }
}

fn told(status: &QuotationStatus) -> Reply {
    match reply::structured(status) {
        Some(structured) => {
            Reply { structured: Some(structured), text: sentence(status), failure: None, file: None }
        }
        None => Reply::refused(Refusal::defect()),
    }
}

/// Of a request that was made a moment ago, too.
fn told_again(status: &QuotationStatus) -> Reply {
    const AGAIN: &str = "This is the same request as a moment ago: this is its quotation, no second one was made. For a \
                         second one call again with a new idempotency_key.";
    let mut reply = told(status);
    if let Some(fields) = reply.structured.as_mut().and_then(Value::as_object_mut) {
        fields.insert("message".to_owned(), AGAIN.into());
    }
    Reply { text: format!("{AGAIN}\n{}", reply.text), ..reply }
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

fn answer_schema() -> Object {
    let mut schema = schema::output::<QuotationStatus>();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| TOLD.contains(&name.as_str()));
    }
    schema
}

fn request_schema() -> Object {
    let mut schema = schema::input::<QuotationRequest>();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let description = "A repeat with the same key makes nothing twice";
        properties.insert(KEY.to_owned(), json!({ "type": "string", "description": description }));
    }
    schema
}
