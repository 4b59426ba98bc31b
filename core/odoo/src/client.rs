//! The client: one connection for all calls, made when it is first needed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    Call, Connection, OdooConfig, OdooConfigError, OdooError, connect, http, lanes::Lane, pages::Session,
    transport::Transport,
};

type Attempt = BoxFuture<'static, Result<Arc<Connection>, OdooError>>;

/// A client of one Odoo server and account. Cheap to clone; the clones share everything.
///
/// What asks Odoo fails with an [`OdooError`], whose variants say what may be done about it. A future that is dropped
/// gives up waiting; Odoo does what it was sent all the same.
#[derive(Clone)]
pub struct Odoo {
    shared: Arc<Shell>,
    lane: Lane,
    /// Of every call.
    context: Arc<Map<String, Value>>,
}

struct Shell {
    /// Replaced when there is another secret.
    config: Mutex<Arc<OdooConfig>>,
    transport: Transport,
    state: Mutex<State>,
    languages: OnceCell<Vec<String>>,
    session: Mutex<Session>,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    /// Weak: an attempt that all its callers gave up is not taken up again.
    attempt: Option<WeakShared<Attempt>>,
}

impl Odoo {
    /// Makes a client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is none, or the system's certificates or proxy settings cannot be used.
    pub fn new(config: OdooConfig) -> Result<Self, OdooConfigError> {
        let client = http::client(&config.url, config.timeout);
        let client = client.map_err(|error| OdooConfigError::Http(http::deepest(&error)))?;
        Self::over(config, client)
    }

    /// Makes a client that sends by this one, which may be shared ([`http::builder`] makes one); its time limit and not that
    /// of `config` ends calls. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn over(config: OdooConfig, client: reqwest::Client) -> Result<Self, OdooConfigError> {
        let transport = Transport::new(&config, client)?;
        let config = Mutex::new(Arc::new(config));
        let (state, session) = (Mutex::default(), Mutex::default());
        let shell = Shell { config, transport, state, languages: OnceCell::new(), session };
        Ok(Self { shared: Arc::new(shell), lane: Lane::First, context: Arc::default() })
    }

    /// The same client whose calls all have this context, as far as they have no other: `lang`, `allowed_company_ids`, `tz`.
    #[must_use]
    pub fn in_context(&self, context: Map<String, Value>) -> Self {
        Self { context: Arc::new(context), ..self.clone() }
    }

    /// The same client with more in the context of all its calls; it goes before what was there.
    #[must_use]
    pub fn with_context(&self, more: &Map<String, Value>) -> Self {
        let mut context = Map::clone(&self.context);
        context.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.in_context(context)
    }

    /// The same client whose calls are made for this company.
    #[must_use]
    pub fn for_company(&self, company: i64) -> Self {
        self.with_context(&Map::from_iter([("allowed_company_ids".to_owned(), json!([company]))]))
    }

    /// The company that calls are made for, where the context names one and it is not left to the user's.
    pub fn company(&self) -> Option<i64> {
        self.companies().first().copied()
    }

    /// The companies whose records are seen, where the context names them.
    pub fn companies(&self) -> Vec<i64> {
        let named = self.context.get("allowed_company_ids").and_then(Value::as_array);
        named.into_iter().flatten().filter_map(Value::as_i64).collect()
    }

    /// From the next call on the account logs in so.
    pub fn renew(&self, login: &str, secret: SecretString) {
        let mut config = self.shared.config.lock().unwrap_or_else(PoisonError::into_inner);
        if config.login != login || config.secret.expose_secret() != secret.expose_secret() {
            let login = login.to_owned();
            *config = Arc::new(OdooConfig { login, secret, ..OdooConfig::clone(&config) });
            drop(config);
            *self.state() = State::default();
            *self.sessions().lock().unwrap_or_else(PoisonError::into_inner) = Session::default();
        }
    }

    /// The same client for calls that give way to all others: they go behind them, never take all places, and are
    /// refused as [`OdooError::Busy`] when none comes free within a few seconds.
    pub fn reading(&self) -> Self {
        Self { lane: Lane::Second, ..self.clone() }
    }

    /// The server's address, with a trailing slash.
    pub fn base_url(&self) -> &Url {
        self.shared.transport.base()
    }

    /// Opens a record in every version's web client.
    pub fn record_url(&self, model: &str, id: i64) -> String {
        let base = self.base_url().as_str().trim_end_matches('/');
        format!("{base}/web#id={id}&model={model}&view_type=form")
    }

    /// What is known of the server and account, connecting if need be.
    pub async fn connection(&self) -> Result<Connection, OdooError> {
        self.connected().await.map(|connection| (*connection).clone())
    }

    /// Makes a call. When Odoo refuses the login, it is made anew and the call repeated, once.
    pub async fn call(&self, mut call: Call) -> Result<Value, OdooError> {
        if !self.context.is_empty() {
            let context = call.kwargs.entry("context").or_insert_with(|| json!({}));
            for (name, value) in self.context.iter() {
                if let Some(context) = context.as_object_mut() {
                    context.entry(name.as_str()).or_insert_with(|| value.clone());
                }
            }
        }
        let connection = self.connected().await?;
        match self.attempt(&connection, &call).await {
            Err(OdooError::AccessDenied(_)) => {
                self.forget(&connection);
                let connection = self.connected().await?;
                self.attempt(&connection, &call).await
            }
            outcome => outcome,
        }
    }

    /// What is asked once in the life of the client: the codes of the installed languages.
    pub(crate) fn known_languages(&self) -> &OnceCell<Vec<String>> {
        &self.shared.languages
    }

    pub(crate) fn sessions(&self) -> &Mutex<Session> {
        &self.shared.session
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    pub(crate) fn config(&self) -> Arc<OdooConfig> {
        self.shared.config()
    }

    pub(crate) fn context(&self) -> &Map<String, Value> {
        &self.context
    }

    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    async fn attempt(&self, connection: &Connection, call: &Call) -> Result<Value, OdooError> {
        let (started, protocol) = (Instant::now(), connection.protocol);
        let request = protocol.encode(connect::credentials(&self.shared.config()), connection.uid, call)?;
        let outcome =
            self.shared.transport.post(request, self.lane).await.and_then(|answer| protocol.decode(&answer));
        tracing::debug!(
            model = call.model,
            method = call.method,
            %protocol,
            milliseconds = started.elapsed().as_millis(),
            error = outcome.as_ref().err().map(OdooError::code),
            "called Odoo"
        );
        outcome
    }

    /// The connection; callers that find none share one attempt to make it, and its failure.
    async fn connected(&self) -> Result<Arc<Connection>, OdooError> {
        let attempt = {
            let mut state = self.state();
            if let Some(connection) = &state.connection {
                return Ok(Arc::clone(connection));
            }
            state.attempt.as_ref().and_then(WeakShared::upgrade).unwrap_or_else(|| {
                let attempt = self.connect().shared();
                state.attempt = attempt.downgrade();
                attempt
            })
        };
        let outcome = attempt.clone().await;
        self.settle(&attempt, &outcome);
        outcome
    }

    fn connect(&self) -> Attempt {
        let shell = Arc::clone(&self.shared);
        async move { connect::connect(&shell.config(), &shell.transport).await.map(Arc::new) }.boxed()
    }

    fn settle(&self, attempt: &Shared<Attempt>, outcome: &Result<Arc<Connection>, OdooError>) {
        let mut state = self.state();
        let current = state.attempt.as_ref().and_then(WeakShared::upgrade);
        if current.is_some_and(|current| current.ptr_eq(attempt)) {
            state.attempt = None;
            state.connection = outcome.as_ref().ok().cloned();
        }
    }

    /// Forgets a connection that was refused, unless another caller has replaced it already.
    fn forget(&self, refused: &Arc<Connection>) {
        let mut state = self.state();
        if state.connection.as_ref().is_some_and(|current| Arc::ptr_eq(current, refused)) {
            state.connection = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shell {
    fn config(&self) -> Arc<OdooConfig> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
