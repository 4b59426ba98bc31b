//! Who a request comes from, and for which Odoo it is: found out once, before anything else is done with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp_odoo_core::access::oauth::{Subject, Verifier};
use mcp_odoo_core::access::{Access, Caller, Denied, Door, Guest, Known, Permission, Permissions};
use mcp_odoo_core::audit::Audit;
use mcp_odoo_core::tenants::Tenants;
use mcp_odoo_tools::caller::Identity;
use uuid::Uuid;

use super::address::{self, Arrival};
use super::tenant::{self, Chosen};
use crate::error::{Lacks, Problem};
use crate::oauth;

pub use crate::oauth::X_API_KEY;

/// Finds out who calls.
pub struct Gate {
    access: Arc<Access>,
    /// Tells whose an access token is, where any are taken.
    oauth: Option<Verifier>,
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

/// Who calls, and where that is known from.
enum Who<'a> {
    /// They have a key of ours, or are strangers of whom the access file speaks.
    Guest(&'a Guest),
    /// They have an access token.
    Subject(Arc<Subject>),
    /// They have shown nothing, or sign.
    Other(Arc<Caller>),
}

impl Who<'_> {
    fn caller(&self) -> &Arc<Caller> {
        match self {
            Self::Guest(guest) => &guest.caller,
            Self::Subject(subject) => &subject.caller,
            Self::Other(caller) => caller,
        }
    }

    fn into_caller(self) -> Arc<Caller> {
        match self {
            Self::Guest(guest) => Arc::clone(&guest.caller),
            Self::Subject(subject) => Arc::clone(&subject.caller),
            Self::Other(caller) => caller,
        }
    }

    /// The tenants that they may choose from, none for that of the environment; nothing where they may choose any.
    fn tenants(&self) -> Option<&[String]> {
        match self {
            Self::Guest(guest) if guest.caller.id() == Caller::API_KEY => None,
            Self::Guest(guest) => Some(&guest.tenants),
            Self::Subject(subject) => Some(&subject.tenants),
            Self::Other(_) => None,
        }
    }
}

/// Where a request comes from, for the audit of those that are refused.
#[derive(Clone, Copy)]
struct Source {
    door: Door,
    address: Option<IpAddr>,
    request_id: Uuid,
}

impl Source {
    fn refused(self, audit: &Audit, problem: Problem) -> Problem {
        audit.refused(self.door, self.address, self.request_id, problem.code());
        problem
    }
}

/// What a request shows of who sends it.
enum Shown<'a> {
    Who(Who<'a>),
    /// No key of ours: perhaps an access token, of which this one can tell.
    Token(&'a Verifier, &'a str),
}

/// Who may pass where.
#[derive(Clone, Copy)]
enum Entrance {
    /// Anybody: it tells nothing of anybody.
    Open,
    /// The same, with whatever key: who looks for metadata is told what there is and what is not, and some send what they
    /// have.
    WellKnown,
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
    pub fn new(access: Arc<Access>, oauth: Option<Verifier>, tenants: Tenants) -> Self {
        let signs = |id| Arc::new(Caller::known(id, [Permission::Handoffs].into_iter().collect()));
        Self {
            is_closed: access.config().asks_for_keys(),
            access,
            oauth,
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
        let arrival = request.extensions().get::<Arrival>();
        let request_id = arrival.map_or_else(Uuid::nil, |arrival| arrival.request_id);
        let peer = arrival.and_then(|arrival| arrival.peer);
        let address = peer.and_then(|peer| address::of(peer, request.headers(), &config.trusted_proxies));
        let path = request.uri().path();
        let door = if path.starts_with("/mcp") || path == "/sse" { Door::Mcp } else { Door::Rest };
        let (from, audit) = (Source { door, address, request_id }, &self.tenants.default_one().audit);
        let is_allowed = |address| address::is_in(&config.allowed_ips, address);
        if !config.allowed_ips.is_empty() && !address.is_some_and(is_allowed) {
            let detail = "this address may not call (ALLOWED_IPS)";
            let problem = Problem::new(StatusCode::FORBIDDEN, Denied::Address.code(), detail);
            return Found::Now(Err(from.refused(audit, problem)));
        }
        let headers = request.headers();
        let entrance = self.entrance(request);
        let known = self.access.known();
        match self.shown(&known, headers, entrance, address) {
            Ok(Shown::Who(who)) => admit(&self.tenants, who, headers, entrance, from),
            Ok(Shown::Token(oauth, token)) => {
                if let Some(subject) = oauth.known(token) {
                    return admit(&self.tenants, Who::Subject(subject), headers, entrance, from);
                }
                let (oauth, token) = (oauth.clone(), token.to_owned());
                let (tenants, headers) = (self.tenants.clone(), headers.clone());
                let finding = async move {
                    let verified = oauth.verify(&token).await;
                    let refused = |problem| from.refused(&tenants.default_one().audit, problem);
                    let subject =
                        verified.map_err(|error| refused(oauth::refused(oauth.config(), &error)))?;
                    match admit(&tenants, Who::Subject(subject), &headers, entrance, from) {
                        Found::Now(identity) => identity,
                        Found::Later(opening) => opening.await,
                    }
                };
                Found::Later(finding.boxed())
            }
            Err(problem) => {
                let problem = match &self.oauth {
                    Some(oauth) => oauth::or_token(oauth.config(), problem, headers),
                    None => problem,
                };
                Found::Now(Err(from.refused(audit, problem)))
            }
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

    fn shown<'a>(
        &'a self,
        known: &'a Known,
        headers: &'a HeaderMap,
        entrance: Entrance,
        address: Option<IpAddr>,
    ) -> Result<Shown<'a>, Problem> {
        if !self.is_closed {
            // Who logs in at a proxy before this service is told from others by it.
            let log_in = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
            return Ok(Shown::Who(Who::Other(match log_in {
                None => Arc::clone(&self.anybody),
                Some(_) => Caller::anonymous(Permissions::ALL, log_in).into(),
            })));
        }
        let other = |caller: &Arc<Caller>| Ok(Shown::Who(Who::Other(Arc::clone(caller))));
        if let Entrance::WellKnown = entrance {
            return other(&self.nobody);
        }
        if let Some(key) = key(headers)? {
            // No key that `keys` makes has a full stop; tokens have two.
            let oauth = self.oauth.as_ref().filter(|_| key.contains('.'));
            return match (known.find(key, address), oauth) {
                (Ok(guest), _) => Ok(Shown::Who(Who::Guest(guest))),
                (Err(Denied::Unknown), Some(oauth)) => Ok(Shown::Token(oauth, key)),
                (Err(denied), _) => Err(refused(denied)),
            };
        }
        match (entrance, known.anonymous(address)) {
            (Entrance::Signed(Signer::ElevenLabs), _) => other(&self.elevenlabs),
            (Entrance::Signed(Signer::Twilio), _) => other(&self.twilio),
            (_, Some(guest)) => Ok(Shown::Who(Who::Guest(guest))),
            (Entrance::Open | Entrance::WellKnown, None) => other(&self.nobody),
            (Entrance::Closed, None) => Err(no_key()),
        }
    }

    /// Closed, unless it is said here that it is not.
    fn entrance(&self, request: &Request) -> Entrance {
        if oauth::is_well_known(request.uri().path()) {
            return Entrance::WellKnown;
        }
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match route {
            "/health" | "/openapi.json" | "/docs" | "/docs/" | "/docs/{*rest}" => Entrance::Open,
            "/api/elevenlabs/handoff"
                if tenant::signed(&self.tenants, request.headers()).is_ok_and(|signed| signed.is_some()) =>
            {
                Entrance::Signed(Signer::ElevenLabs)
            }
            "/api/twilio/status" => Entrance::Signed(Signer::Twilio),
            _ => Entrance::Closed,
        }
    }
}

/// Lets them in, with the tenant that they may choose: at once where it is in memory.
fn admit(tenants: &Tenants, who: Who<'_>, headers: &HeaderMap, entrance: Entrance, from: Source) -> Found {
    let Source { address, request_id, .. } = from;
    let signs_for = matches!(entrance, Entrance::Signed(Signer::ElevenLabs)) && !who.caller().has_key();
    let is_of_no_tenant = match entrance {
        // What tells nothing of anybody is nobody's.
        Entrance::Open | Entrance::WellKnown => true,
        // Whose it is is looked at under the signature: no tenant is opened for who only says to sign.
        Entrance::Signed(Signer::Twilio) => true,
        Entrance::Signed(Signer::ElevenLabs) => signs_for,
        Entrance::Closed => false,
    };
    let chosen = match is_of_no_tenant {
        // Who signs does so for a tenant that has the secret.
        true if signs_for && tenant::is_brought(headers) => Err(tenant::not_brought()),
        true => Ok(Chosen::Now(Arc::clone(tenants.default_one()))),
        false => tenant::choose(tenants, headers, who.tenants()),
    };
    let caller = who.into_caller();
    let identity = move |tenant| Identity { caller, tenant, address, request_id };
    match chosen {
        Ok(Chosen::Now(tenant)) => Found::Now(Ok(identity(tenant))),
        Ok(Chosen::Later(opening)) => {
            let audit = tenants.default_one().audit.clone();
            let refused = move |problem| from.refused(&audit, problem);
            Found::Later(opening.map(|opened| opened.map(identity).map_err(refused)).boxed())
        }
        Err(problem) => Found::Now(Err(from.refused(&tenants.default_one().audit, problem))),
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
