//! Who a request comes from, and for which Odoo it is: found out once, before anything else is done with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp_odoo_core::access::{Access, Caller, Denied, Door, Guest, Permission, Permissions};
use mcp_odoo_core::tenants::Tenants;
use mcp_odoo_tools::caller::Identity;
use uuid::Uuid;

use super::address::{self, Peer};
use super::request_log::RequestId;
use super::tenant::{self, Chosen};
use crate::error::Problem;

/// The other way to send a key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Finds out who calls.
pub struct Gate {
    access: Arc<Access>,
    tenants: Tenants,
    /// Whether callers must say who they are.
    is_closed: bool,
    /// Who may do everything without saying who they are, and who may do nothing.
    anybody: Arc<Caller>,
    nobody: Arc<Caller>,
    elevenlabs: Arc<Caller>,
    twilio: Arc<Caller>,
}

/// Who it is, at once or after asking others.
pub enum Found {
    /// It is known already.
    Now(Result<Identity, Problem>),
    /// Others have to be asked.
    Later(BoxFuture<'static, Result<Identity, Problem>>),
}

/// Who may pass where.
enum Entrance {
    /// Anybody: it tells nothing of anybody.
    Open,
    /// Who signs the body; that is checked when it is read.
    Signed(Signer),
    /// Who says who they are.
    Closed,
}

/// Who signs.
#[derive(Clone, Copy)]
enum Signer {
    ElevenLabs,
    Twilio,
}

impl Gate {
    /// For these tenants.
    pub fn new(access: Arc<Access>, tenants: Tenants) -> Self {
        let signs = |id| Arc::new(Caller::known(id, [Permission::Handoffs].into_iter().collect()));
        Self {
            is_closed: access.config().asks_for_keys(),
            access,
            tenants,
            anybody: Caller::anonymous(Permissions::ALL, None).into(),
            nobody: Caller::anonymous(Permissions::default(), None).into(),
            elevenlabs: signs(Caller::ELEVENLABS),
            twilio: signs(Caller::TWILIO),
        }
    }

    /// Who sends this request, and for whom it is.
    pub fn find(&self, request: &Request) -> Found {
        let config = self.access.config();
        let peer = request.extensions().get::<Peer>().map(|Peer(peer)| *peer);
        let address = peer.map(|peer| address::of(peer, request.headers(), &config.trusted_proxies));
        let request_id = request.extensions().get::<RequestId>().map_or_else(Uuid::nil, |RequestId(id)| *id);
        let door = if request.uri().path().starts_with("/mcp") { Door::Mcp } else { Door::Rest };
        let audit = self.tenants.default_one().audit.clone();
        let noted = move |problem: Problem| {
            audit.refused(door, address, request_id, problem.code());
            problem
        };
        let is_allowed = |address| address::is_in(&config.allowed_ips, address);
        if !config.allowed_ips.is_empty() && !address.is_some_and(is_allowed) {
            let detail = "this address may not call (ALLOWED_IPS)";
            let problem = Problem::new(StatusCode::FORBIDDEN, Denied::Address.code(), detail);
            return Found::Now(Err(noted(problem)));
        }
        let (caller, guest) = match self.caller(request, address) {
            Ok(known) => known,
            Err(problem) => return Found::Now(Err(noted(problem))),
        };
        // What tells nothing of anybody is nobody's; the report of a message names its tenant by itself.
        let chosen = match self.entrance(request) {
            Entrance::Open | Entrance::Signed(Signer::Twilio) => {
                Ok(Chosen::Now(Arc::clone(self.tenants.default_one())))
            }
            _ => tenant::choose(&self.tenants, request.headers(), guest.as_deref()),
        };
        match chosen {
            Ok(Chosen::Now(tenant)) => Found::Now(Ok(Identity { caller, tenant, address, request_id })),
            Ok(Chosen::Later(opening)) => Found::Later(
                async move {
                    let tenant = opening.await.map_err(noted)?;
                    Ok(Identity { caller, tenant, address, request_id })
                }
                .boxed(),
            ),
            Err(problem) => Found::Now(Err(noted(problem))),
        }
    }

    /// Who it is, and what is known of them besides.
    fn caller(
        &self,
        request: &Request,
        address: Option<IpAddr>,
    ) -> Result<(Arc<Caller>, Option<Arc<Guest>>), Problem> {
        let headers = request.headers();
        if !self.is_closed {
            // Who logs in at a proxy before this service is told from others by it.
            let log_in = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
            let anybody = match log_in {
                None => Arc::clone(&self.anybody),
                Some(_) => Caller::anonymous(Permissions::ALL, log_in).into(),
            };
            return Ok((anybody, None));
        }
        if let Some(key) = key(headers)? {
            let guest = self.access.find(key, address).map_err(refused)?;
            return Ok((Arc::clone(&guest.caller), Some(guest)));
        }
        match (self.entrance(request), self.access.anonymous(address)) {
            (Entrance::Signed(Signer::ElevenLabs), _) => Ok((Arc::clone(&self.elevenlabs), None)),
            (Entrance::Signed(Signer::Twilio), _) => Ok((Arc::clone(&self.twilio), None)),
            (_, Some(guest)) => Ok((Arc::clone(&guest.caller), Some(guest))),
            (Entrance::Open, None) => Ok((Arc::clone(&self.nobody), None)),
            (Entrance::Closed, None) => Err(no_key()),
        }
    }

    /// Closed, unless it is said here that it is not.
    fn entrance(&self, request: &Request) -> Entrance {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match route {
            "/health" | "/openapi.json" | "/docs" | "/docs/" | "/docs/{*rest}" => Entrance::Open,
            "/api/elevenlabs/handoff" if tenant::signs(&self.tenants, request.headers()) => {
                Entrance::Signed(Signer::ElevenLabs)
            }
            "/api/twilio/status" => Entrance::Signed(Signer::Twilio),
            _ => Entrance::Closed,
        }
    }
}

/// The key of the request, if it has one.
///
/// # Errors
/// When it cannot be read.
fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let unreadable = || {
        let detail = "send the key as Authorization: Bearer KEY, or as X-API-Key: KEY";
        Problem::unauthorized("unreadable_key", detail)
    };
    if let Some(key) = headers.get(X_API_KEY) {
        return key.to_str().map(Some).map_err(|_| unreadable());
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, key) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(unreadable)?;
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(Some(key.trim())) } else { Err(unreadable()) }
}

fn refused(denied: Denied) -> Problem {
    match denied {
        Denied::Address => Problem::new(StatusCode::FORBIDDEN, denied.code(), denied.to_string()),
        Denied::Unknown | Denied::Expired | Denied::Revoked => {
            Problem::unauthorized(denied.code(), denied.to_string())
        }
    }
}

fn no_key() -> Problem {
    let detail = "say who you are: send a key as Authorization: Bearer KEY, or as X-API-Key: KEY";
    Problem::unauthorized("no_key", detail)
}
