//! Under which names the service may be called, and from which web pages MCP may be.
//!
//! A web page that has its own name resolve to this machine would otherwise talk to the service as if it
//! ran here (DNS rebinding). Names of this machine are always allowed; every other is one setting away.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use url::Url;

use crate::error::Problem;

/// Lets a request pass or says why not.
pub type Check = Arc<dyn Fn(&Request) -> Result<(), Problem> + Send + Sync>;

/// Who may call, besides programs and pages of this machine.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// `ALLOWED_HOSTS`: the names under which clients may call; REST, too, while it listens on this machine only.
    pub hosts: AllowedHosts,
    /// `ALLOWED_ORIGINS`: the web pages that may call MCP.
    pub origins: CorsOrigins,
}

/// Under which names clients may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedHosts {
    /// `*`
    Any,
    /// These, in lower case, with a port where only that one is meant.
    These(Vec<String>),
}

/// Which web pages of other origins may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `*`
    Any,
    /// These, e.g. `https://shop.example`; empty for none.
    These(Vec<String>),
}

impl Allowed {
    fn host(&self, authority: &Authority) -> bool {
        let names = match &self.hosts {
            AllowedHosts::Any => return true,
            AllowedHosts::These(names) => names,
        };
        let is = |name: &String| {
            name.eq_ignore_ascii_case(authority.host()) || name.eq_ignore_ascii_case(authority.as_str())
        };
        is_loopback(authority.host()) || names.iter().any(is)
    }

    fn origin(&self, origin: &str) -> bool {
        let origins = match &self.origins {
            CorsOrigins::Any => return true,
            CorsOrigins::These(origins) => origins,
        };
        let Ok(url) = Url::parse(origin) else { return false };
        let is_page = matches!(url.scheme(), "http" | "https");
        let origin = url.origin().ascii_serialization();
        is_page && (url.host_str().is_some_and(is_loopback) || origins.contains(&origin))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// For REST: on an address of this machine lets a request pass, or says which setting would. On other addresses
/// REST is behind what it was put behind, under names that it is not told. Pages elsewhere may call, by
/// `CORS_ORIGINS`.
pub fn rest(listens_on: IpAddr, allowed: &Allowed) -> Check {
    if !listens_on.to_canonical().is_loopback() {
        return Arc::new(|_| Ok(()));
    }
    let allowed = allowed.clone();
    Arc::new(move |request| {
        // Probes call by whatever name, and learn nothing.
        if request.uri().path() == "/health" { Ok(()) } else { pass(&allowed, request) }
    })
}

/// For MCP: the same on every address, and for web pages, too.
pub fn mcp(allowed: &Allowed) -> Check {
    let allowed = allowed.clone();
    Arc::new(move |request| {
        pass(&allowed, request)?;
        for origin in request.headers().get_all(header::ORIGIN) {
            if !origin.to_str().is_ok_and(|origin| allowed.origin(origin)) {
                let detail = "web pages of this Origin are not allowed: add it to ALLOWED_ORIGINS";
                return Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail));
            }
        }
        Ok(())
    })
}

fn pass(allowed: &Allowed, request: &Request) -> Result<(), Problem> {
    if is_plainly_here(request) {
        return Ok(());
    }
    let authority = authority(request).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "host_invalid", "send one well-formed Host header")
    })?;
    if allowed.host(&authority) {
        return Ok(());
    }
    let host = authority.host();
    let detail = format!(
        "the host {host} is not allowed: add it to ALLOWED_HOSTS (now: this machine only, \
         and what is listed there)"
    );
    Err(Problem::new(StatusCode::FORBIDDEN, "host_not_allowed", detail))
}

/// Whether it was sent to the usual names of this machine, which are always allowed: told without a copy.
fn is_plainly_here(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else {
        return false;
    };
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let is_port =
        port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port && ["127.0.0.1", "localhost"].contains(&name)
}

/// Whom the request was sent to; `None` where that is not clear.
fn authority(request: &Request) -> Option<Authority> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let authority = Authority::try_from(host.as_bytes()).ok()?;
            let after_host = authority.as_str().strip_prefix(authority.host())?;
            (after_host.is_empty() || authority.port_u16().is_some()).then_some(authority)
        }
        (None, _) => request.uri().authority().cloned(),
        (Some(_), Some(_)) => None,
    }
}
