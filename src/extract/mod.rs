//! From the HTTP request to a value that keeps its rules.

mod asked;
mod signed;

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use garde::Validate;
use mcp_odoo_core::handoff::id::HandoffId;
use mcp_odoo_core::input::{self, FieldError};
use mcp_odoo_core::key::IdempotencyKey;
use mcp_odoo_core::quotation::id::TrackingId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::body::{self, Held, Room};
use crate::error::Problem;
use crate::json;
use crate::state::AppState;

pub use self::asked::{Asked, call};
pub use self::signed::{SignedJson, SignedReport};

/// The largest body: 1,000 lines and a description take far less.
const MAX_BODY: usize = 1024 * 1024;

/// A JSON body that keeps the rules of its type.
pub struct ValidJson<T>(pub T);

impl<T> FromRequest<AppState> for ValidJson<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (body, _held) = json_body(request, &state.room).await?;
        valid(&body).map(Self)
    }
}

async fn json_body(request: Request, room: &Room) -> Result<(Bytes, Held), Problem> {
    if !is_json(request.headers()) {
        let detail = "send the body as JSON with the header Content-Type: application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
    }
    whole_body(request, room).await
}

async fn whole_body(request: Request, room: &Room) -> Result<(Bytes, Held), Problem> {
    let (parts, body) = request.into_parts();
    body::read(&parts, body, room, MAX_BODY, "the body may have at most 1 MiB").await
}

/// A JSON object as it came, for what has no type of its own.
pub struct JsonObject(pub Map<String, Value>);

/// The body of a request, which must be one.
///
/// # Errors
/// When it is none, or too large.
pub async fn json_object(request: Request, room: &Room) -> Result<JsonObject, Problem> {
    let (body, _held) = json_body(request, room).await?;
    match json(&body)? {
        Value::Object(object) => Ok(JsonObject(object)),
        _ => Err(Problem::invalid(vec![FieldError {
            path: String::new(),
            message: "send a JSON object".to_owned(),
        }])),
    }
}

fn valid<T>(body: &[u8]) -> Result<T, Problem>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    input::parse(json(body)?).map_err(Problem::invalid)
}

/// JSON in which no key stands twice.
fn json(body: &[u8]) -> Result<Value, Problem> {
    if let Some(path) = json::twice(body) {
        return Err(Problem::invalid(vec![FieldError { path, message: json::TWICE.to_owned() }]));
    }
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
        Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The header `Idempotency-Key`, where there is one.
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const NAME: &str = "Idempotency-Key";
        let invalid = |message| Problem::invalid(vec![FieldError { path: NAME.to_owned(), message }]);
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(invalid("may be sent only once".to_owned()));
        }
        let key = value.to_str().unwrap_or_default().parse::<IdempotencyKey>();
        key.map(|key| Self(Some(key))).map_err(|error| invalid(error.to_string()))
    }
}

/// The id in the path; what cannot be one is as unknown as any other.
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: Identifies> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        text.ok().and_then(|Path(text)| text.parse().ok()).map(Self).ok_or_else(T::unknown)
    }
}

/// An id that a path may hold.
pub trait Identifies: FromStr {
    /// Nothing has this id.
    fn unknown() -> Problem;
}

impl Identifies for TrackingId {
    fn unknown() -> Problem {
        Problem::unknown_quotation()
    }
}

impl Identifies for HandoffId {
    fn unknown() -> Problem {
        Problem::unknown_handoff()
    }
}
