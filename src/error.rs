//! What a caller gets when a request fails: a problem document (RFC 9457) with a stable code.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mcp_odoo_core::access::Permissions;
use mcp_odoo_core::input::FieldError;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_tools::reply::Failure;
use serde::Serialize;
use utoipa::ToSchema;

/// A failed request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// Stable name of the failure.
    #[schema(example = "invalid_request")]
    code: Cow<'static, str>,
    /// What is wrong and what to do.
    detail: String,
    /// One entry for each bad field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<Duration>,
    /// What the caller is not permitted.
    #[serde(skip)]
    lacks: Option<Lacks>,
    /// How to say who one is, where that was missing.
    #[serde(skip)]
    challenge: Option<Box<HeaderValue>>,
}

/// What the caller is not permitted: goes with the answer, for who can say how to come by it.
#[derive(Clone, Copy, Debug)]
pub struct Lacks(pub Permissions);

/// The code of a problem, for who notes what became of a request.
#[derive(Clone, Debug)]
pub struct Code(pub Cow<'static, str>);

impl Problem {
    /// A problem without bad fields.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self {
            title,
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            lacks: None,
            challenge: None,
        }
    }

    /// The stable name of the failure.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is wrong and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// A request whose fields break rules.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.path.is_empty() => only.message.clone(),
            [only] => format!("{}: {}", only.path, only.message),
            many => format!("{} fields are not valid; see errors", many.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail) }
    }

    /// There is no such path.
    pub async fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "there is nothing here; GET /docs lists what there is",
        )
    }

    /// The path takes another method.
    pub async fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "see the Allow header, or GET /docs")
    }

    /// A defect of this service.
    pub fn internal() -> Self {
        let detail = "the service failed; repeat with the same Idempotency-Key, nothing will be made twice";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
    }

    /// No quotation has this id.
    pub fn unknown_quotation() -> Self {
        Self::new(StatusCode::NOT_FOUND, "quotation_not_found", "no quotation has this tracking_id")
    }

    /// No handoff has this id.
    pub fn unknown_handoff() -> Self {
        Self::new(StatusCode::NOT_FOUND, "handoff_not_found", "no handoff has this handoff_id")
    }

    /// It is not known who calls.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = Some(HeaderValue::from_static("Bearer").into());
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, code, detail) }
    }

    /// The same, where it is one of those who do not say who they are, with another word on how to.
    pub fn challenged(mut self, challenge: impl FnOnce() -> Option<HeaderValue>) -> Self {
        if self.challenge.is_some() {
            self.challenge = challenge().map(Box::new);
        }
        self
    }

    /// The signature of a webhook is not what it should be.
    pub fn not_signed(error: &impl Display) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_signature", error.to_string())
    }

    /// What Twilio signs cannot be checked.
    pub fn no_public_url() -> Self {
        let detail = "set PUBLIC_URL to the address of this service as Twilio sees it";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_configured", detail)
    }

    /// The caller is not permitted these either, which the same request takes.
    pub(crate) fn lacking(self, permissions: Permissions) -> Self {
        Self { lacks: Some(Lacks(permissions)), ..self }
    }

    /// When it may be repeated, if that is known.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The service cannot do it now.
    pub(crate) fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Self { retry_after: Some(retry_after), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let challenge = self.challenge.take();
        let code = Code(self.code.clone());
        let retry_after = self.retry_after.map(|wait| HeaderValue::from(wait.as_secs()));
        let lacks = self.lacks;
        let mut response = (status, Json(self)).into_response();
        if let Some(lacks) = lacks {
            response.extensions_mut().insert(lacks);
        }
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, *challenge)));
        headers.extend(retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(errors) => Self::invalid(errors),
            Failure::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut lacks = None;
        let (status, retry_after) = match refusal.kind {
            Kind::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, None),
            Kind::Forbidden(permission) => {
                lacks = permission.map(|permission| Lacks([permission].into_iter().collect()));
                (StatusCode::FORBIDDEN, None)
            }
            Kind::TooMany(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
            Kind::Unavailable(retry_after) => (StatusCode::SERVICE_UNAVAILABLE, retry_after),
            Kind::Upstream => (StatusCode::BAD_GATEWAY, None),
            Kind::Defect => (StatusCode::INTERNAL_SERVER_ERROR, None),
            // Nobody reads the answer of a request that was cancelled.
            Kind::Cancelled => return Self::internal(),
        };
        Self { retry_after, lacks, ..Self::new(status, refusal.code, refusal.sentence) }
    }
}
