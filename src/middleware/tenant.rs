//! For whom a request is: the tenant that its caller works with, or the one that it names.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, StatusCode};
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp_odoo_core::store::DEFAULT_TENANT;
use mcp_odoo_core::tenants::{API_KEY, DB, Given, LOGIN, NotAllowed, Tenant, TenantError, Tenants, URL};
use secrecy::SecretString;

use crate::error::Problem;

/// Names a tenant of the access file.
pub const X_TENANT: HeaderName = HeaderName::from_static("x-tenant");

/// It, or what finds it.
pub enum Chosen {
    /// It is in memory.
    Now(Arc<Tenant>),
    /// It has to be opened.
    Later(BoxFuture<'static, Result<Arc<Tenant>, Problem>>),
}

/// The tenant of this request, among those that its caller may choose from: none for that of the environment, nothing for
/// any.
///
/// # Errors
/// When the caller may not have that one, or does not say which.
pub fn choose(tenants: &Tenants, headers: &HeaderMap, listed: Option<&[String]>) -> Result<Chosen, Problem> {
    let (named, brought) = match names_one(headers) {
        true => (named(headers)?, Brought::read(headers)?),
        false => (None, None),
    };
    if let Some(brought) = brought {
        if named.is_some() {
            let detail = "send either X-Tenant or the headers of an Odoo of your own";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "tenant_ambiguous", detail));
        }
        if listed.is_some_and(|listed| !listed.is_empty()) {
            return Err(not_brought());
        }
        let tenants = tenants.clone();
        return Ok(Chosen::Later(async move { Ok(tenants.by_headers(brought.given()).await?) }.boxed()));
    }
    if named.is_none() && listed.is_none_or(<[String]>::is_empty) && tenants.asks_for_headers() {
        return Err(TenantError::Missing(URL).into());
    }
    let name = match (named, listed) {
        (Some(name), None) => name,
        (None, None | Some([])) => DEFAULT_TENANT,
        (None, Some([only])) => only,
        (None, Some(_)) => {
            let detail = "this caller works for several tenants: name one in X-Tenant";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "tenant_required", detail));
        }
        (Some(name), Some([])) if name == DEFAULT_TENANT => name,
        (Some(name), Some(listed)) if listed.iter().any(|tenant| tenant == name) => name,
        // Whether there is such a one is not told.
        (Some(_), Some(_)) => {
            let detail = "this caller may not work for the tenant of X-Tenant";
            return Err(Problem::new(StatusCode::FORBIDDEN, "tenant_not_allowed", detail));
        }
    };
    if let Some(tenant) = tenants.at_once(name) {
        return Ok(Chosen::Now(tenant));
    }
    let (tenants, name) = (tenants.clone(), name.to_owned());
    Ok(Chosen::Later(async move { Ok(tenants.by_name(&name).await?) }.boxed()))
}

/// Whether it may have a header that says for whom it is. Most have none, and to look for each takes longer.
fn names_one(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with("x-tenant") || name.as_str().starts_with("x-odoo"))
}

/// Whether the request brings an Odoo of its own.
pub fn is_brought(headers: &HeaderMap) -> bool {
    [URL, API_KEY, DB, LOGIN].into_iter().any(|name| headers.contains_key(name))
}

/// Who is given tenants, or signs for one, brings none.
pub fn not_brought() -> Problem {
    let detail = "this caller may not bring an Odoo: it works for the tenants that it is given";
    Problem::new(StatusCode::FORBIDDEN, "tenant_not_allowed", detail)
}

/// The tenant that this request is for, and the secret that it must be signed with where it asks for a message and brings no
/// key; nothing where it need not be.
///
/// # Errors
/// When it names several.
pub fn signed(tenants: &Tenants, headers: &HeaderMap) -> Result<Option<(String, SecretString)>, Problem> {
    let name = named(headers)?.unwrap_or(DEFAULT_TENANT);
    let secret = match name {
        DEFAULT_TENANT => tenants.default_one().webhook_secret.clone(),
        name => tenants.names().get(name).and_then(|setup| setup.messages.webhook_secret.clone()),
    };
    Ok(secret.map(|secret| (name.to_owned(), secret)))
}

/// The tenant that the request names.
///
/// # Errors
/// When it names several.
pub fn named(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut names = headers.get_all(X_TENANT).iter();
    match (names.next(), names.next()) {
        (None, _) => Ok(None),
        (Some(name), None) => Ok(Some(name.to_str().unwrap_or_default().trim())),
        (Some(_), Some(_)) => {
            let detail = "send X-Tenant once";
            Err(Problem::new(StatusCode::BAD_REQUEST, "tenant_ambiguous", detail))
        }
    }
}

/// The headers of an Odoo that a caller brings.
struct Brought([Option<String>; 4]);

impl Brought {
    /// Nothing where there are none of them.
    ///
    /// # Errors
    /// When one is no text or comes twice.
    fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut all = [None, None, None, None];
        for (value, name) in all.iter_mut().zip([URL, API_KEY, DB, LOGIN]) {
            let mut given = headers.get_all(name).iter();
            if let Some(first) = given.next() {
                let text = first.to_str().ok().filter(|_| given.next().is_none());
                let unreadable = || {
                    let detail = format!("send {name} once, in visible ASCII characters");
                    Problem::new(StatusCode::BAD_REQUEST, "tenant_header_invalid", detail)
                };
                *value = Some(text.ok_or_else(unreadable)?.to_owned());
            }
        }
        Ok(Some(Self(all)).filter(|Self(all)| all.iter().any(Option::is_some)))
    }

    fn given(&self) -> Given<'_> {
        let [url, key, database, login] = self.0.each_ref().map(Option::as_deref);
        Given { url, key, database, login }
    }
}

impl From<TenantError> for Problem {
    fn from(error: TenantError) -> Self {
        let (code, detail) = (error.code(), error.to_string());
        let unavailable = |seconds| Self::unavailable(code, detail.clone(), Duration::from_secs(seconds));
        match &error {
            TenantError::Unknown => Self::new(StatusCode::NOT_FOUND, code, detail),
            TenantError::Open(cause) => {
                tracing::error!(%cause, "a tenant cannot be opened");
                let detail = "this tenant cannot be served now; repeat later";
                Self::unavailable(code, detail, Duration::from_secs(30))
            }
            TenantError::TooMany | TenantError::Stopping | TenantError::Busy => unavailable(5),
            TenantError::Unreachable(_) => unavailable(30),
            TenantError::NotAllowed(NotAllowed::Form) => Self::new(StatusCode::BAD_REQUEST, code, detail),
            TenantError::HeadersOff | TenantError::NotAllowed(_) => {
                Self::new(StatusCode::FORBIDDEN, code, detail)
            }
            TenantError::Missing(_) | TenantError::Refused | TenantError::RefusedWithoutLogin => {
                Self::unauthorized(code, detail)
            }
        }
    }
}
