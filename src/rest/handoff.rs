//! Hand a customer over to a salesperson, and hear what became of the message.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mcp_odoo_core::call::Call;
use mcp_odoo_core::handoff::id::HandoffId;
use mcp_odoo_core::handoff::request::HandoffRequest;
use mcp_odoo_core::handoff::status::HandoffStatus;
use mcp_odoo_core::handoff::{Answered, HandoffAnswer};
use mcp_odoo_tools::handoffs::{GetHandoffStatus, HandOff, NewHandoff};
use mcp_odoo_tools::operation::Operation;
use mcp_odoo_tools::reports::TakeInReport;
use mcp_odoo_tools::{audit, dispatch};
use utoipa::ToSchema;

use crate::error::Problem;
use crate::extract::{Asked, OptionalKey, PathId, SignedJson, SignedReport};

/// Tells a salesperson by WhatsApp or SMS that a customer wants to speak with one.
///
/// The message goes to the salesperson of the opportunity, else of the quotation, else to the one with the fewest open
/// opportunities; to `VENDEDOR_WHATSAPP` where that one has no usable number or Odoo does not answer. A repeat with the
/// same `conversation_id` and `reason` within 10 minutes, or with the same `Idempotency-Key` within 24 hours, sends
/// nothing and answers as the first did; one that failed is tried again.
#[utoipa::path(
    post,
    path = "/api/elevenlabs/handoff",
    tag = "handoff",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$",
            description = "1 to 255 printable ASCII characters, new for each new handoff"),
        ("ElevenLabs-Signature" = Option<String>, Header,
            description = "`t=<seconds>,v0=<HMAC-SHA256 of \"t.body\">`; required when ELEVENLABS_WEBHOOK_SECRET is set"),
    ),
    request_body = HandoffRequest,
    responses(
        (status = 200, description = "Twilio took the message", body = HandoffAnswer),
        (status = 202, description = "Not sent within 4 seconds; it is kept and tried again", body = HandoffAnswer,
            headers(("Location" = String, description = "Where to ask for its status"))),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing, wrong or older than 30 minutes", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "More than 1 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not sent as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is not valid, or the key was used for another handoff", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "The caller has asked for too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait"))),
        (status = 502, description = "Twilio refused the message; `code` is `twilio_` and Twilio's error code",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Twilio is not configured (the variables are named), or nothing can be accepted now",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn hand_off(
    Asked { call, with: (OptionalKey(key), SignedJson { value: request, replay, tenant }), .. }: Asked<
        HandOff,
        (OptionalKey, SignedJson<HandoffRequest>),
    >,
) -> Result<Response, Problem> {
    // Both: a key is not signed, so another one makes no new request of a replay.
    let keys = key.into_iter().chain(replay).collect();
    let answer = dispatch::<HandOff>(Call { tenant, ..call }, NewHandoff { request, keys }).await?;
    if answer.status == Answered::Queued {
        let location = [(header::LOCATION, format!("/api/handoff/{}", answer.handoff_id))];
        return Ok((StatusCode::ACCEPTED, location, Json(answer)).into_response());
    }
    Ok(Json(answer).into_response())
}

/// Tells where a handoff is: sent, delivered, read or failed.
#[utoipa::path(
    get,
    path = "/api/handoff/{handoff_id}",
    tag = "handoff",
    params(("handoff_id" = String, Path, description = "As it was given when the handoff was accepted")),
    responses(
        (status = 200, description = "Where it is", body = HandoffStatus),
        (status = 404, description = "There is no such handoff", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The disk refuses", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn status(
    Asked { call, with: PathId(id), .. }: Asked<GetHandoffStatus, PathId<HandoffId>>,
) -> Result<Response, Problem> {
    let status = dispatch::<GetHandoffStatus>(call, id).await?.ok_or_else(Problem::unknown_handoff)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(status)).into_response())
}

/// What Twilio reports of a message, as far as it is looked at.
#[derive(ToSchema)]
#[schema(as = TwilioReport)]
#[expect(dead_code, reason = "the signature is over all fields, which are read as they come")]
struct TwilioReport {
    /// The message.
    #[schema(rename = "MessageSid")]
    message_sid: String,
    /// `sent`, `delivered`, `read`, …
    #[schema(rename = "MessageStatus")]
    message_status: String,
    /// Of a failure.
    #[schema(rename = "ErrorCode")]
    error_code: Option<u32>,
}

/// Takes in what Twilio reports of a message. Called by Twilio, which signs it.
#[utoipa::path(
    post,
    path = "/api/twilio/status",
    tag = "handoff",
    params(
        ("reference" = Option<String>, Query, description = "The handoff or the quotation"),
        ("X-Twilio-Signature" = String, Header, description = "Made by Twilio with the account's token"),
    ),
    request_body(content = TwilioReport, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "Taken in"),
        (status = 401, description = "Not signed by Twilio", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Twilio or PUBLIC_URL is not configured, or the disk refuses", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub async fn report(
    Asked { call, with: SignedReport(report), .. }: Asked<TakeInReport, SignedReport>,
) -> Result<StatusCode, Problem> {
    match report {
        Some((report, tenant)) => dispatch::<TakeInReport>(Call { tenant, ..call }, report).await?,
        None => audit::refused(&TakeInReport::SPEC, &call, "nothing_reported"),
    }
    Ok(StatusCode::NO_CONTENT)
}
