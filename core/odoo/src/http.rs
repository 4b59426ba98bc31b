//! How Odoo is called: one TLS stack, no redirects, known time limits. Also for who calls other services in the same way.

use std::{error::Error, net::IpAddr, time::Duration};

use reqwest::{Client, ClientBuilder, redirect::Policy};
use url::{Host, Url};

const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const LONGEST_IDLE: Duration = Duration::from_secs(30);

/// A client for the server at this address. `timeout` is for one call, from connecting to the last byte.
///
/// # Errors
/// When the system's certificates or proxy settings cannot be used.
pub fn client(base: &Url, timeout: Duration) -> reqwest::Result<Client> {
    let builder = builder(timeout);
    if is_loopback(base) { builder.no_proxy() } else { builder }.build()
}

/// What such clients are made by, for any server.
pub fn builder(timeout: Duration) -> ClientBuilder {
    // reqwest is built without a TLS provider; an earlier installation by anyone is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(timeout)
        // Below the whole timeout, so that a dead host is known to have received nothing.
        .connect_timeout((timeout / 2).min(LONGEST_CONNECT))
        // Below what proxies keep: a connection they close as we write costs an unknown outcome.
        .pool_idle_timeout(LONGEST_IDLE)
        .tcp_nodelay(true)
        .redirect(Policy::none())
}

/// The innermost cause, which says most in least words.
pub fn deepest(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// Whether an address is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// The address of a web server, if this text is one. With a log-in it would be printed, and paths are put behind it: it has
/// none, no query and no fragment.
pub fn address(text: &str) -> Option<Url> {
    let is_plain = |url: &Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let is_address = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain(url);
    Url::parse(text.trim()).ok().filter(is_address)
}
