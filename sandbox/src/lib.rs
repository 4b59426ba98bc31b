//! A small in-memory Odoo that speaks XML-RPC, JSON-RPC and JSON-2.
//!
//! It knows the models a quotation needs, with demo data, and answers as Odoo 16.0, 18.0 or 19.0 Community does, down to
//! the wording of errors. The database is `sandbox`; `admin` may do everything, `demo` is a plain salesperson
//! (each one's password is its login), `portal` a customer; the API keys are `sandbox` and `sandbox-demo`.

mod activities;
mod bulk;
mod call;
mod chatter;
mod commands;
mod companies;
mod compute;
mod copies;
mod datum;
mod demo;
mod domain;
mod env;
mod error;
mod export;
mod external_ids;
mod files;
mod group;
mod invoices;
mod kind;
mod language;
mod load;
mod matching;
mod methods;
mod models;
mod names;
mod onchange;
mod options;
mod orders;
mod periods;
mod products;
mod properties;
mod python;
mod races;
mod read;
mod reports;
mod rounding;
mod rules;
mod schema;
mod search;
mod store;
mod timezone;
mod users;
mod views;
mod web;
mod wire;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::serve::ListenerExt;
use serde_json::{Map, Value};
use tokio::net::TcpListener;

use call::Call;
use methods::Style;
use schema::Schema;
use store::Database;

pub use error::{Error, Exception};
pub use language::Language;
pub use options::{ExtraField, ExtraKind, Options, Version};

/// The name of the only database.
pub const DATABASE: &str = "sandbox";

/// The API key of the user `admin`.
pub const API_KEY: &str = "sandbox";

/// The API key of the user `demo`.
pub const DEMO_API_KEY: &str = "sandbox-demo";

/// An in-memory Odoo; clones share the same records.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    database: Mutex<Database>,
    sessions: Mutex<HashMap<String, i64>>,
}

impl Sandbox {
    /// A new database with the demo data.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let schema = Schema::new(options.version, models::all(&options));
        let mut database = Database::new(Arc::new(schema), options.language);
        if let Err(error) = demo::fill(&mut database) {
            tracing::error!(%error, "the demo data is incomplete");
        }
        database.add_bulk(options.records);
        database.prints = !options.no_wkhtmltopdf;
        let shared = Shared { options, database: Mutex::new(database), sessions: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Another one, which has the same records by now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let (options, database) = (self.shared.options.clone(), self.database().clone());
        Self {
            shared: Arc::new(Shared { options, database: Mutex::new(database), sessions: Mutex::default() }),
        }
    }

    /// The routes of all protocols.
    pub fn router(&self) -> axum::Router {
        wire::router(self)
    }

    /// Serves until `shutdown` completes and the answers under way are sent.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
        });
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }

    /// Calls a method as the administrator, at once and without the network.
    pub fn execute(
        &self,
        model: &str,
        method: &str,
        args: Vec<Value>,
        kwargs: Map<String, Value>,
    ) -> Result<Value, Error> {
        let call = Call {
            uid: env::ADMIN,
            model: model.to_owned(),
            method: method.to_owned(),
            positional: args,
            named: kwargs,
            style: Style::Positional,
        };
        let mut database = self.database();
        let started = database.races.begin();
        let answer = call.run(&mut database, started);
        database.races.end();
        answer
    }

    /// Loses records as a database that crashed loses its last commits: they and all that hangs on them are gone, but
    /// the cache of external ids goes on knowing them until [`Self::clear_caches`], or until `load` makes them again.
    pub fn lose(&self, external_ids: &[&str]) -> Result<(), Error> {
        let mut database = self.database();
        let mut env = env::Env::of_system(&mut database);
        let lost = external_ids.iter().try_for_each(|name| env.lose(name));
        database.commit();
        lost
    }

    /// Forgets what the cache of external ids knows, as a restart of Odoo does.
    pub fn clear_caches(&self) {
        self.database().cached_ids.clear();
    }

    /// Runs a call after the configured latency; like Odoo, to its end, even if the caller has gone.
    async fn call(&self, call: Call) -> Result<Value, Error> {
        let sandbox = self.clone();
        let work = tokio::spawn(async move {
            let started = sandbox.database().races.begin();
            if sandbox.shared.options.latency.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(sandbox.shared.options.latency).await;
            }
            let mut database = sandbox.database();
            let answer = call.run(&mut database, started);
            database.races.end();
            answer
        });
        work.await.unwrap_or_else(|error| Err(Error::new(Exception::Operational, error.to_string())))
    }

    fn version(&self) -> Version {
        self.shared.options.version
    }

    fn language(&self) -> Language {
        self.shared.options.language
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        self.shared.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
