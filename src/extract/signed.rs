//! What others sign: webhooks of ElevenLabs and of Twilio.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use chrono::Utc;
use garde::Validate;
use mcp_odoo_core::elevenlabs;
use mcp_odoo_core::handoff::HandoffError;
use mcp_odoo_core::key::IdempotencyKey;
use mcp_odoo_core::messages::{REFERENCE, Report, TENANT};
use mcp_odoo_core::refusal::Refusal;
use mcp_odoo_core::store::DEFAULT_TENANT;
use mcp_odoo_core::tenants::Tenant;
use mcp_odoo_core::twilio::{TwilioSetup, signature};
use mcp_odoo_tools::caller::Identity;
use mcp_odoo_tools::reports::MessageReport;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{json_body, valid, whole_body};
use crate::error::Problem;
use crate::middleware::tenant;
use crate::state::AppState;

/// A JSON body that keeps the rules of its type, from a webhook of ElevenLabs: signed, where `ELEVENLABS_WEBHOOK_SECRET` is set.
pub struct SignedJson<T> {
    /// The body.
    pub value: T,
    /// What a signed request that is sent once more has in common with the first.
    pub replay: Option<IdempotencyKey>,
    /// For whom it is.
    pub tenant: Arc<Tenant>,
}

impl<T> FromRequest<AppState> for SignedJson<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let identity = request.extensions().get::<Identity>().ok_or_else(Problem::internal)?;
        let (caller, tenant) = (Arc::clone(&identity.caller), Arc::clone(&identity.tenant));
        // Who has shown a key need not sign.
        let signed = if caller.has_key() { None } else { signed(state, request.headers(), &tenant)? };
        let signature = request.headers().get(elevenlabs::HEADER);
        let signature = signature.map(|value| value.to_str().unwrap_or_default().to_owned());
        let (body, _held) = json_body(request, &state.room).await?;
        let Some((name, secret)) = signed else {
            return valid(&body).map(|value| Self { value, replay: None, tenant });
        };
        let signature = signature.as_deref();
        elevenlabs::verify(&secret, signature, &body, Utc::now())
            .map_err(|error| Problem::not_signed(&error))?;
        let mark = elevenlabs::replay_mark(signature.unwrap_or_default(), &body);
        // Nobody else has it opened.
        let tenant = state.tenants.by_name(&name).await?;
        valid(&body).map(|value| Self { value, replay: IdempotencyKey::try_from(mark).ok(), tenant })
    }
}

/// What the request must be signed with, and for which tenant. The gate has opened the tenant of one that need not be.
fn signed(
    state: &AppState,
    headers: &HeaderMap,
    opened: &Tenant,
) -> Result<Option<(String, SecretString)>, Problem> {
    if let Some(signed) = tenant::signed(&state.tenants, headers)? {
        return Ok(Some(signed));
    }
    // The file has changed since the gate: a moment ago it had to be signed.
    if tenant::named(headers)?.is_some_and(|name| name != opened.id) {
        return Err(Problem::not_signed(&elevenlabs::SignatureError::Mismatch));
    }
    Ok(opened.webhook_secret.clone().map(|secret| (opened.id.clone(), secret)))
}

/// What Twilio reports of a message of its account, and whose that was; nothing where it says too little.
pub struct SignedReport(pub Option<(MessageReport, Arc<Tenant>)>);

impl FromRequest<AppState> for SignedReport {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let query = request.uri().query().map(str::to_owned);
        let signed = request.headers().get(signature::HEADER).and_then(|value| value.to_str().ok());
        let signed = signed.map(str::to_owned);
        let (body, _held) = whole_body(request, &state.room).await?;
        let body = std::str::from_utf8(&body)
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "not_text", "the body is not UTF-8"))?;
        let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        let parameter = |name: &str| pairs.clone().find(|(key, _)| key == name).map(|(_, value)| value);
        let name = parameter(TENANT).unwrap_or(DEFAULT_TENANT.into());
        // A tenant is opened for nobody but its own account.
        let (named, common) = (state.tenants.names().get(&name), state.tenants.names().common());
        let (twilio, messages) = match &named {
            Some(setup) => (&setup.twilio, &setup.messages),
            None if name == DEFAULT_TENANT => (&common.twilio, &common.messages),
            // Whether there is such a tenant is told to nobody who does not sign for it.
            None => return Err(Problem::not_signed(&signature::SignatureError::Mismatch)),
        };
        let twilio = match twilio {
            TwilioSetup::Ready(twilio) => twilio,
            TwilioSetup::Missing(names) => {
                return Err(Refusal::from(HandoffError::NotConfigured(names.clone())).into());
            }
        };
        let mut url = messages.status_url().ok_or_else(Problem::no_public_url)?;
        url.set_query(query.as_deref());
        let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        signature::verify(&twilio.auth_token, url.as_str(), &form, signed.as_deref())
            .map_err(|error| Problem::not_signed(&error))?;
        let field =
            |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let (Some(sid), Some(status)) = (field("MessageSid"), field("MessageStatus")) else {
            return Ok(Self(None));
        };
        let error_code = field("ErrorCode").and_then(|code| code.parse().ok());
        let report = Report { sid: sid.to_owned(), status: status.to_owned(), error_code };
        let reference = parameter(REFERENCE).unwrap_or_default().into_owned();
        let tenant = state.tenants.by_name(&name).await?;
        Ok(Self(Some((MessageReport { reference, report }, tenant))))
    }
}
