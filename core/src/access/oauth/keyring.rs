//! The authorization server's keys as they were last published, asked for again when they are old or one is missing:
//! by one task for all who wait, and not more often than once in a while, whatever tokens name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use reqwest::Client;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::keys::Keys;
use super::token::Token;
use super::{OAuthConfig, OAuthSetupError, Times, discovery};
use crate::http::{self, deepest};

/// The keys, and who asks for them.
pub(super) struct Keyring(Arc<Inner>);

struct Inner {
    issuer: String,
    times: Times,
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// When they were last asked for, and whether that failed.
    asked: Option<Instant>,
    failed: bool,
    asking: Option<Asking>,
}

struct Known {
    keys: Arc<Keys>,
    since: Instant,
}

/// Goes on when one of those who wait does not any more.
type Asking = Shared<BoxFuture<'static, ()>>;

/// What is known of the key that a token names.
pub(super) enum Look {
    /// It is among these.
    Known(Arc<Keys>),
    /// It is not published.
    Unknown,
    /// It may be, which can be found out after this time.
    Unavailable(Duration),
}

impl Keyring {
    pub fn new(config: &OAuthConfig) -> Result<Self, OAuthSetupError> {
        let issuer = Url::parse(&config.issuer).map_err(|error| OAuthSetupError(error.to_string()))?;
        let client =
            http::client(&issuer, config.times.timeout).map_err(|error| OAuthSetupError(deepest(&error)))?;
        let (issuer, times) = (config.issuer.clone(), config.times);
        Ok(Self(Arc::new(Inner { issuer, times, client, state: Mutex::default() })))
    }

    /// The keys that may be used now; old ones are asked for again meanwhile.
    pub fn known(&self) -> Option<Arc<Keys>> {
        let mut state = self.0.state();
        let Known { keys, since } = state.known.as_ref()?;
        let (keys, age) = (Arc::clone(keys), since.elapsed());
        if age > self.0.times.keep {
            return None;
        }
        if age > self.0.times.max_age {
            Inner::ask(&self.0, &mut state);
        }
        Some(keys)
    }

    /// Asks for the keys now, whatever is known.
    pub async fn fetch(&self) -> Result<Arc<Keys>, String> {
        self.0.fetch().await
    }

    /// Looks for the key that the token names, also where it is published.
    pub async fn look(&self, token: &Token<'_>) -> Look {
        let known = || self.known().filter(|keys| keys.has(token));
        if let Some(keys) = known() {
            return Look::Known(keys);
        }
        let asking = Inner::ask(&self.0, &mut self.0.state());
        if let Some(asking) = asking {
            asking.await;
            if let Some(keys) = known() {
                return Look::Known(keys);
            }
        }
        let state = self.0.state();
        match state.failed || state.known.is_none() {
            true => Look::Unavailable(self.0.wait(&state)),
            false => Look::Unknown,
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until the keys may be asked for again.
    fn wait(&self, state: &State) -> Duration {
        state.asked.map_or(Duration::ZERO, |asked| self.times.interval.saturating_sub(asked.elapsed()))
    }

    /// Has them asked for, unless that was done a moment ago.
    fn ask(this: &Arc<Self>, state: &mut State) -> Option<Asking> {
        if state.asking.is_none() && this.wait(state).is_zero() {
            state.asked = Some(Instant::now());
            let asked = this.fetch();
            // Held weakly: asking ends with the keyring.
            let inner = Arc::downgrade(this);
            let asking = AbortOnDropHandle::new(tokio::spawn(async move {
                let asked = asked.await;
                if let Some(inner) = inner.upgrade() {
                    inner.told(asked);
                }
            }));
            state.asking = Some(asking.map(drop).boxed().shared());
        }
        state.asking.clone()
    }

    fn fetch(&self) -> impl Future<Output = Result<Arc<Keys>, String>> + Send + use<> {
        let (issuer, client, timeout) = (self.issuer.clone(), self.client.clone(), self.times.timeout);
        async move {
            let asked = tokio::time::timeout(timeout, discovery::keys(&client, &issuer)).await;
            asked.unwrap_or_else(|_| Err(format!("{issuer} does not answer in time")))
        }
    }

    fn told(&self, asked: Result<Arc<Keys>, String>) {
        let mut state = self.state();
        state.asking = None;
        let has_failed = std::mem::replace(&mut state.failed, asked.is_err());
        match asked {
            Ok(keys) => {
                // The same keys are the same: what they have verified stays so.
                let same = state.known.take().map(|known| known.keys).filter(|known| **known == *keys);
                state.known = Some(Known { keys: same.unwrap_or(keys), since: Instant::now() });
                if has_failed {
                    tracing::info!("the keys of the OAuth authorization server are known again");
                }
            }
            Err(error) if !has_failed => {
                tracing::warn!(error, "the keys of the OAuth authorization server cannot be had");
            }
            Err(_) => {}
        }
    }
}
