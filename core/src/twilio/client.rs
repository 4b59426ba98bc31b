//! Calls the API.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::wire::{self, Answer};
use super::{Accepted, Account, Content, Listed, Outgoing, TwilioConfig, TwilioError};
use crate::http::{self, deepest};
use crate::phone::Phone;

/// How long one call may take, from connecting to the last byte of the answer.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// The most that Twilio puts on one page.
const PAGE_SIZE: &str = "1000";
const MOST_PAGES: usize = 5;

/// A client of one account. Cheap to clone; the clones share their connections.
#[derive(Clone, Debug)]
pub struct Twilio {
    config: TwilioConfig,
    client: reqwest::Client,
    timeout: Duration,
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for Twilio cannot be built: {0}")]
pub struct TwilioSetupError(String);

impl Twilio {
    /// Makes a client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built, e.g. without certificates on this machine.
    pub fn new(config: TwilioConfig) -> Result<Self, TwilioSetupError> {
        Self::with_timeout(config, TIMEOUT)
    }

    /// With another time limit for one call than [`TIMEOUT`].
    ///
    /// # Errors
    /// When the HTTP client cannot be built, e.g. without certificates on this machine.
    pub fn with_timeout(config: TwilioConfig, timeout: Duration) -> Result<Self, TwilioSetupError> {
        let client =
            http::client(&config.api_base, timeout).map_err(|error| TwilioSetupError(deepest(&error)))?;
        Ok(Self { config, client, timeout })
    }

    /// What it was made with.
    pub fn config(&self) -> &TwilioConfig {
        &self.config
    }

    /// Sends a message ([Create a Message]). It is not tried twice.
    ///
    /// # Errors
    /// [`TwilioError::outcome_unknown`] tells whether it may have been sent all the same.
    ///
    /// [Create a Message]: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message
    pub async fn send(&self, message: &Outgoing<'_>) -> Result<Accepted, TwilioError> {
        let request = self
            .request(Method::POST, self.url("/Messages.json")?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(message));
        self.call::<wire::Created>("send", request).await.and_then(Accepted::try_from)
    }

    /// The messages to this number that Twilio took over at this time or later ([Read multiple Messages]),
    /// newest first. The time is Twilio's, to the second: leave room for clocks that differ.
    ///
    /// # Errors
    /// Also when there are more of them than are read: then nobody can say that one is not among them.
    ///
    /// [Read multiple Messages]: https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
    pub async fn recent(&self, to: &Phone, since: DateTime<Utc>) -> Result<Vec<Listed>, TwilioError> {
        let since = since.trunc_subsecs(0);
        let mut url = self.url("/Messages.json")?;
        // Without the filter `DateSent>=`: it goes by the day a message was sent, which is null until it was,
        // and it is not documented that those are listed. The one looked for may well wait in the queue.
        url.query_pairs_mut()
            .append_pair("To", &self.config.channel.address(to))
            .append_pair("PageSize", PAGE_SIZE);
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: wire::Page = self.call("list", self.request(Method::GET, url.clone())).await?;
            let next = page.next_page_uri.filter(|uri| !uri.is_empty());
            let mut is_older = false;
            for message in page.messages {
                // They are sorted by the time they were sent, the latest first.
                is_older |= message.date_sent()?.is_some_and(|sent| sent < since);
                let message = Listed::try_from(message)?;
                if message.date_created >= since {
                    found.push(message);
                }
            }
            match next {
                Some(next) if !is_older => url = self.next_page(&next)?,
                _ => return Ok(found),
            }
        }
        Err(TwilioError::Malformed("more messages to this number than can be looked through".to_owned()))
    }

    /// The account ([Fetch an Account]): whether the credentials work.
    ///
    /// # Errors
    /// 20003 for wrong credentials.
    ///
    /// [Fetch an Account]: https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource
    pub async fn account(&self) -> Result<Account, TwilioError> {
        let request = self.request(Method::GET, self.url(".json")?);
        self.call::<wire::Account>("account", request).await.and_then(Account::try_from)
    }

    fn form(&self, message: &Outgoing<'_>) -> String {
        let channel = self.config.channel;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", &channel.address(message.to));
        form.append_pair("From", &channel.address(&self.config.from));
        match message.content {
            Content::Text(text) => form.append_pair("Body", text),
            Content::Template { sid, variables } => {
                let variables: Map<String, Value> =
                    variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
                form.append_pair("ContentSid", sid)
                    .append_pair("ContentVariables", &Value::Object(variables).to_string())
            }
        };
        if let Some(url) = message.status_callback {
            form.append_pair("StatusCallback", url.as_str());
        }
        form.finish()
    }

    fn url(&self, below_account: &str) -> Result<Url, TwilioError> {
        let path = format!("/2010-04-01/Accounts/{}{below_account}", self.config.account_sid);
        self.config.api_base.join(&path).map_err(|_| TwilioError::Unreachable("no address".to_owned()))
    }

    /// Only where the token was sent before.
    fn next_page(&self, uri: &str) -> Result<Url, TwilioError> {
        let next = self.config.api_base.join(uri).ok();
        next.filter(|url| url.origin() == self.config.api_base.origin())
            .ok_or_else(|| TwilioError::Malformed("the next page is elsewhere".to_owned()))
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let TwilioConfig { account_sid, auth_token, .. } = &self.config;
        self.client.request(method, url).basic_auth(account_sid, Some(auth_token.expose_secret()))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        what: &'static str,
        request: RequestBuilder,
    ) -> Result<T, TwilioError> {
        let started = std::time::Instant::now();
        let outcome = match self.answer(request).await {
            Ok(answer) => wire::decode(&answer),
            Err(error) => Err(self.failure(error)),
        };
        tracing::debug!(
            what,
            milliseconds = started.elapsed().as_millis(),
            error = outcome.as_ref().err().map(TwilioError::code),
            "called Twilio"
        );
        outcome
    }

    async fn answer(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: wire::retry_after(response.headers()),
            body: response.bytes().await?.to_vec(),
        })
    }

    fn failure(&self, error: reqwest::Error) -> TwilioError {
        if error.is_connect() || error.is_builder() {
            TwilioError::Unreachable(deepest(&error.without_url()))
        } else if error.is_timeout() {
            TwilioError::TimedOut(self.timeout)
        } else {
            TwilioError::ConnectionLost(deepest(&error.without_url()))
        }
    }
}
