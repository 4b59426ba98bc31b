//! Posts requests over kept connections, so many at once, no longer and with no larger answers than allowed.

use std::ops::Deref;
use std::time::Duration;

use reqwest::{
    Client, Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION},
};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use url::Url;

use crate::http::deepest;
use crate::{
    OdooConfig, OdooConfigError, OdooError,
    body::{Broken, LARGEST_MIB, Room},
    lanes::{Lane, Lanes},
    wire::{Answer, Request},
};

pub(crate) struct Transport {
    base: Url,
    client: Client,
    lanes: Lanes,
    room: Room,
    timeout: Duration,
}

/// What came over HTTP, and the room it takes until it is dropped.
pub(crate) struct Fetched<'a> {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    room: Option<SemaphorePermit<'a>>,
}

/// An answer, and the room it takes until it is dropped.
pub(crate) struct Received<'a> {
    answer: Answer,
    _room: Option<SemaphorePermit<'a>>,
}

impl Deref for Received<'_> {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

impl Transport {
    pub(crate) fn new(config: &OdooConfig, client: Client) -> Result<Self, OdooConfigError> {
        let base = base(&config.url)?;
        let lanes = Lanes::new(config.max_concurrency);
        Ok(Self { base, client, lanes, room: Room::new(), timeout: config.timeout })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) async fn post(&self, request: Request, lane: Lane) -> Result<Received<'_>, OdooError> {
        let headers = headers(&request)?;
        let fetched =
            self.send(Method::POST, self.below(&request.path)?, headers, request.body, lane).await?;
        let Fetched { status, headers, body, room } = fetched;
        let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
        let location = header(LOCATION).map(str::to_owned);
        Ok(Received { answer: Answer { status, content_type, location, body }, _room: room })
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
        lane: Lane,
    ) -> Result<Fetched<'_>, OdooError> {
        let _place = self.lanes.place(lane).await?;
        let deadline = Instant::now() + self.timeout;
        let sent = self.client.request(method, url).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|error| self.failure(error))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let read = self.room.read(response, deadline).await;
        let (body, room) = read.map_err(|broken| match broken {
            Broken::TooLarge => OdooError::TooLarge(LARGEST_MIB),
            Broken::NoRoom => OdooError::TimedOut(self.timeout),
            Broken::Http(error) => self.failure(error),
        })?;
        Ok(Fetched { status, headers, body, room })
    }

    /// The address of a path. Odoo says where its pages are, and must not lead anywhere else by that.
    pub(crate) fn below(&self, path: &str) -> Result<Url, OdooError> {
        let url = self.base.join(path.trim_start_matches('/')).ok();
        let is_below =
            |url: &Url| url.origin() == self.base.origin() && url.path().starts_with(self.base.path());
        url.filter(is_below).ok_or_else(|| OdooError::Unknown("the call does not make an address".to_owned()))
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
