//! Who a request comes from, and for which Odoo it is: found out once, before anything else is done with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp_odoo_core::access::oauth::{Subject, Verifier};
use mcp_odoo_core::access::{Access, Caller, Denied, Door, Permission, Permissions};
use mcp_odoo_core::tenants::Tenant;
use mcp_odoo_tools::caller::Identity;
use uuid::Uuid;

use super::address::{self, Peer};
use super::request_log::RequestId;
use crate::error::{Lacks, Problem};
use crate::oauth;

pub use crate::oauth::X_API_KEY;

/// Finds out who calls.
pub struct Gate {
    access: Arc<Access>,
    /// Tells whose an access token is, where any are taken.
    oauth: Option<Verifier>,
    tenant: Arc<Tenant>,
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

/// What a request shows of who sends it.
enum Shown<'a> {
    Caller(Arc<Caller>),
    /// No key of ours: perhaps an access token, of which this one can tell.
    Token(&'a Verifier, &'a str),
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
    /// For this tenant.
    pub fn new(access: Arc<Access>, oauth: Option<Verifier>, tenant: Arc<Tenant>) -> Self {
        let signs = |id| Arc::new(Caller::known(id, [Permission::Handoffs].into_iter().collect()));
        Self {
            is_closed: access.config().asks_for_keys(),
            access,
            oauth,
            tenant,
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
        let audit = Arc::clone(&self.tenant);
        let noted = move |problem: Problem| {
            audit.audit.refused(door, address, request_id, problem.code());
            problem
        };
        let is_allowed = |address| address::is_in(&config.allowed_ips, address);
        if !config.allowed_ips.is_empty() && !address.is_some_and(is_allowed) {
            let detail = "this address may not call (ALLOWED_IPS)";
            let problem = Problem::new(StatusCode::FORBIDDEN, Denied::Address.code(), detail);
            return Found::Now(Err(noted(problem)));
        }
        let tenant = Arc::clone(&self.tenant);
        let identity = move |caller| Identity { caller, tenant, address, request_id };
        match self.shown(request, address) {
            Ok(Shown::Caller(caller)) => Found::Now(Ok(identity(caller))),
            Ok(Shown::Token(oauth, token)) => by_token(oauth, token, identity, noted),
            Err(problem) => Found::Now(Err(noted(match &self.oauth {
                Some(oauth) => oauth::or_token(oauth.config(), problem, request.headers()),
                None => problem,
            }))),
        }
    }

    /// Says to who came with an access token how to come by one that permits more, where this one was too little.
    pub fn answered(&self, caller: &Caller, mut response: Response) -> Response {
        let lacks = response.extensions().get::<Lacks>().copied();
        if let (Some(Lacks(needs)), Some(oauth), Some(_)) = (lacks, &self.oauth, caller.token_expires) {
            let challenge = oauth::more(oauth.config(), caller, needs);
            response.headers_mut().extend(challenge.map(|it| (header::WWW_AUTHENTICATE, it)));
        }
        response
    }

    fn shown<'a>(&'a self, request: &'a Request, address: Option<IpAddr>) -> Result<Shown<'a>, Problem> {
        let headers = request.headers();
        if !self.is_closed {
            // Who logs in at a proxy before this service is told from others by it.
            let log_in = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
            return Ok(Shown::Caller(match log_in {
                None => Arc::clone(&self.anybody),
                Some(_) => Caller::anonymous(Permissions::ALL, log_in).into(),
            }));
        }
        // Whoever looks for metadata is told what there is, and what is not: some send what they have.
        if oauth::is_well_known(request.uri().path()) {
            return Ok(Shown::Caller(Arc::clone(&self.nobody)));
        }
        if let Some(key) = key(headers)? {
            // No key that `keys` makes has a full stop; tokens have two.
            let oauth = self.oauth.as_ref().filter(|_| key.contains('.'));
            return match (self.access.find(key, address), oauth) {
                (Ok(guest), _) => Ok(Shown::Caller(Arc::clone(&guest.caller))),
                (Err(Denied::Unknown), Some(oauth)) => Ok(Shown::Token(oauth, key)),
                (Err(denied), _) => Err(refused(denied)),
            };
        }
        self.keyless(request, address).map(Shown::Caller)
    }

    fn keyless(&self, request: &Request, address: Option<IpAddr>) -> Result<Arc<Caller>, Problem> {
        match (self.entrance(request), self.access.anonymous(address)) {
            (Entrance::Signed(Signer::ElevenLabs), _) => Ok(Arc::clone(&self.elevenlabs)),
            (Entrance::Signed(Signer::Twilio), _) => Ok(Arc::clone(&self.twilio)),
            (_, Some(guest)) => Ok(Arc::clone(&guest.caller)),
            (Entrance::Open, None) => Ok(Arc::clone(&self.nobody)),
            (Entrance::Closed, None) => Err(no_key()),
        }
    }

    /// Closed, unless it is said here that it is not.
    fn entrance(&self, request: &Request) -> Entrance {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match route {
            "/health" | "/openapi.json" | "/docs" | "/docs/" | "/docs/{*rest}" => Entrance::Open,
            "/api/elevenlabs/handoff" if self.tenant.signed_messages => Entrance::Signed(Signer::ElevenLabs),
            "/api/twilio/status" => Entrance::Signed(Signer::Twilio),
            _ => Entrance::Closed,
        }
    }
}

/// Whose token it is: at once where that is known.
fn by_token(
    oauth: &Verifier,
    token: &str,
    identity: impl FnOnce(Arc<Caller>) -> Identity + Send + 'static,
    noted: impl FnOnce(Problem) -> Problem + Send + 'static,
) -> Found {
    let admit = |subject: &Subject| match subject.tenants.as_slice() {
        [] => Ok(identity(Arc::clone(&subject.caller))),
        // No other Odoo is to be had than that of the environment: it is nobody's in particular.
        _ => Err(Problem::new(StatusCode::FORBIDDEN, "no_such_tenant", "this service has no such tenant")),
    };
    if let Some(subject) = oauth.known(token) {
        return Found::Now(admit(&subject).map_err(noted));
    }
    let (oauth, token) = (oauth.clone(), token.to_owned());
    let finding = async move {
        let verified = oauth.verify(&token).await;
        let verified = verified.map_err(|error| oauth::refused(oauth.config(), &error));
        verified.and_then(|subject| admit(&subject)).map_err(noted)
    };
    Found::Later(finding.boxed())
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
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().map_err(|_| unreadable())?;
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(unreadable());
    }
    match key.trim() {
        key if key.is_empty() || key.contains(' ') || values.next().is_some() => {
            let detail = "send one Authorization header: Bearer, a blank, and the key or token";
            Err(Problem::new(StatusCode::BAD_REQUEST, "unreadable_key", detail))
        }
        key => Ok(Some(key)),
    }
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
