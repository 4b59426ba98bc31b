//! Make a quotation and follow it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt};
use mcp_odoo_core::language::Language;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::quotation::request::QuotationRequest;
use mcp_odoo_core::quotation::status::{QuotationStatus, State as QuotationState};
use mcp_odoo_core::quotation::texts;
use mcp_odoo_core::tasks::Accepted;
use mcp_odoo_tools::dispatch;
use mcp_odoo_tools::quotations::{CreateQuotation, FollowQuotation, GetQuotationStatus, NewQuotation};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Problem;
use crate::extract::{Asked, OptionalKey, PathId, ValidJson};

/// A proxy closes streams that stay silent for long.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A quotation that was accepted.
#[derive(Serialize, ToSchema)]
pub struct AcceptedQuotation {
    /// Names the quotation.
    #[schema(value_type = String, example = "quot_3f2a9c0d5e6b47a1b8c9d0e1f2a3b4c5")]
    tracking_id: TrackingId,
    /// `queued`, or where it is by now when the request was a repeat.
    status: QuotationState,
    /// For people.
    #[schema(example = "Cotización en proceso...")]
    message: &'static str,
    /// When it should be done, from recent durations.
    #[schema(example = "1-2 segundos")]
    estimated_time: String,
    /// Where to ask for its status.
    #[schema(example = "/api/quotation/status/quot_3f2a9c0d5e6b47a1b8c9d0e1f2a3b4c5")]
    status_url: String,
}

impl AcceptedQuotation {
    fn new(Accepted { status, estimate, is_repeat, .. }: Accepted, language: Language) -> Self {
        Self {
            tracking_id: status.tracking_id.clone(),
            status: status.status,
            message: match status.status {
                _ if is_repeat => texts::repeated(language),
                QuotationState::Queued | QuotationState::Processing => texts::accepted(language),
                QuotationState::Completed => texts::completed(language),
                QuotationState::Failed => texts::failed(language),
            },
            estimated_time: estimate.text(language),
            status_url: format!("/api/quotation/status/{}", status.tracking_id),
        }
    }
}

/// An event of a quotation's stream.
struct StatusEvent;

impl PartialSchema for StatusEvent {
    fn schema() -> RefOr<Schema> {
        let status = ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type("application/json")
            .content_schema(Some(Ref::from_schema_name("QuotationStatus")));
        let event = ObjectBuilder::new().property("data", status).required("data");
        event.description(Some("An event; its data is the quotation's status.")).into()
    }
}

impl ToSchema for StatusEvent {}

/// Accepts a quotation and makes it in the background, exactly once.
///
/// When this answers 202 the quotation is on disk and will be made, whatever fails on the way. Send an
/// `Idempotency-Key` to be able to repeat the request safely: the same key and body give the same
/// `tracking_id` and no second quotation, also after a restart.
#[utoipa::path(
    post,
    path = "/api/quotation/async",
    tag = "quotation",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$",
            description = "1 to 255 printable ASCII characters, new for each new quotation"),
        ("Accept-Language" = Option<String>, Header, example = "en",
            description = "What is told of the quotation is written in it: `es` or `en`, else as LANGUAGE says"),
    ),
    request_body = QuotationRequest,
    responses(
        (status = 202, description = "Accepted", body = AcceptedQuotation,
            headers(("Location" = String, description = "Where to ask for its status"))),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 1 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not sent as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is not valid, or the key was used for another quotation",
            body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The caller has asked for too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait"))),
        (status = 503, description = "The queue is full or the disk refuses; nothing was accepted",
            body = Problem, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait"))),
    )
)]
pub async fn submit(
    Asked { call, with: (OptionalKey(key), ValidJson(request)), .. }: Asked<
        CreateQuotation,
        (OptionalKey, ValidJson<QuotationRequest>),
    >,
) -> Result<Response, Problem> {
    let language = call.language;
    let accepted = dispatch::<CreateQuotation>(call, NewQuotation { request, key }).await?;
    let accepted = AcceptedQuotation::new(accepted, language);
    let location = [(header::LOCATION, accepted.status_url.clone())];
    Ok((StatusCode::ACCEPTED, location, Json(accepted)).into_response())
}

/// Tells where a quotation is, however long ago it was made.
#[utoipa::path(
    get,
    path = "/api/quotation/status/{tracking_id}",
    tag = "quotation",
    params(("tracking_id" = String, Path, description = "As it was given when the quotation was accepted")),
    responses(
        (status = 200, description = "Where it is", body = QuotationStatus),
        (status = 404, description = "There is no such quotation", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The disk refuses", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn status(
    Asked { call, with: PathId(id), .. }: Asked<GetQuotationStatus, PathId<TrackingId>>,
) -> Result<Response, Problem> {
    let status = dispatch::<GetQuotationStatus>(call, id).await?.ok_or_else(Problem::unknown_quotation)?;
    let mut response = Response::new(Body::from(Bytes::from_owner(Arc::<[u8]>::from(status.json()))));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Tells each change of a quotation as a Server-Sent Event; the stream ends after the last one.
///
/// Every event's data is the same object as `/api/quotation/status/{tracking_id}` gives.
#[utoipa::path(
    get,
    path = "/api/quotation/events/{tracking_id}",
    tag = "quotation",
    params(("tracking_id" = String, Path, description = "As it was given when the quotation was accepted")),
    responses(
        (status = 200, description = "Events with the status object as data", body = StatusEvent, content_type = "text/event-stream"),
        (status = 404, description = "There is no such quotation", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The disk refuses", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(
    State(stop): State<CancellationToken>,
    Asked { call, with: PathId(id), .. }: Asked<FollowQuotation, PathId<TrackingId>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let subscription = dispatch::<FollowQuotation>(call, id).await?.ok_or_else(Problem::unknown_quotation)?;
    let changes = stream::unfold(subscription, async |mut subscription| {
        let status = subscription.next().await?;
        Some((Ok(Event::default().data(status.json())), subscription))
    });
    let until_stopped = changes.take_until(stop.cancelled_owned());
    Ok(Sse::new(until_stopped).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
