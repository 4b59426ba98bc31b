//! Posts requests over kept connections, so many at once and no longer than allowed.

use std::{error::Error, net::IpAddr, time::Duration};

use reqwest::{
    Client,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION},
    redirect::Policy,
};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::{
    OdooConfig, OdooConfigError, OdooError,
    wire::{Answer, Request},
};

const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const LONGEST_IDLE: Duration = Duration::from_secs(30);

pub(super) struct Transport {
    base: Url,
    client: Client,
    limit: Semaphore,
    timeout: Duration,
}

impl Transport {
    pub(super) fn new(config: &OdooConfig) -> Result<Self, OdooConfigError> {
        // reqwest is built without a TLS provider; an earlier installation by anyone is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = base(&config.url)?;
        let mut builder = Client::builder()
            .timeout(config.timeout)
            // Below the whole timeout, so that a dead host is known to have received nothing.
            .connect_timeout((config.timeout / 2).min(LONGEST_CONNECT))
            // Below what proxies keep: a connection they close as we write costs an unknown outcome.
            .pool_idle_timeout(LONGEST_IDLE)
            .tcp_nodelay(true)
            .redirect(Policy::none());
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| OdooConfigError::Http(deepest(&error)))?;
        let limit = Semaphore::new(config.max_concurrency.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self { base, client, limit, timeout: config.timeout })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) async fn post(&self, request: Request) -> Result<Answer, OdooError> {
        let url = self
            .base
            .join(&request.path)
            .map_err(|_| OdooError::Unknown("the call does not make an address".to_owned()))?;
        let headers = headers(&request)?;
        let _permit = self.limit.acquire().await;
        let sent = self.client.post(url).headers(headers).body(request.body).send().await;
        let response = sent.map_err(|error| self.failure(error))?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
        let location = header(LOCATION).map(str::to_owned);
        let body = response.bytes().await.map_err(|error| self.failure(error))?.to_vec();
        Ok(Answer { status, content_type, location, body })
    }

    fn failure(&self, error: reqwest::Error) -> OdooError {
        if error.is_connect() || error.is_builder() {
            OdooError::Unreachable(deepest(&error.without_url()))
        } else if error.is_timeout() {
            OdooError::TimedOut(self.timeout)
        } else {
            OdooError::ConnectionLost(deepest(&error.without_url()))
        }
    }
}

fn headers(request: &Request) -> Result<HeaderMap, OdooError> {
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(request.content_type))]);
    for (name, text) in &request.headers {
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| OdooError::AccessDenied(format!("the configured value cannot be sent as {name}")))?;
        value.set_sensitive(true);
        headers.insert(*name, value);
    }
    Ok(headers)
}

/// The server's address with a trailing slash, so that paths are joined below it.
fn base(url: &Url) -> Result<Url, OdooConfigError> {
    let plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err(OdooConfigError::Url);
    }
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", url.path()));
    }
    Ok(base)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn deepest(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
