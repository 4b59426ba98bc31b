//! The service as users meet it: on a real socket, in front of the embedded Odoo, with a proxy between.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_odoo::app::App;
use mcp_odoo::config::{Config, Env};
use mcp_odoo::state::AppState;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::odoo::{OdooConfig, ProtocolChoice};
use mcp_odoo_sandbox::{Options, Sandbox, Version};
use reqwest::{Client, Response, StatusCode, Url};
use rmcp::ServerHandler;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::events::Events;
use super::proxy::Proxy;

/// How a [`TestApp`] is to be.
pub struct Builder {
    config: Config,
    protocol: ProtocolChoice,
    timeout: Duration,
    options: Options,
    account: Option<(&'static str, &'static str)>,
    log_dir: Option<Arc<TempDir>>,
    odoo: Option<Arc<Odoo>>,
}

/// The embedded Odoo behind its proxy; may outlive the service in front of it.
pub struct Odoo {
    pub sandbox: Sandbox,
    pub proxy: Proxy,
    stop: CancellationToken,
}

impl Drop for Odoo {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A running service.
pub struct TestApp {
    pub url: String,
    pub client: Client,
    pub odoo: Arc<Odoo>,
    pub state: AppState,
    log_dir: Arc<TempDir>,
    stop: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// Filling one takes longer than copying it.
fn filled(options: Options) -> Sandbox {
    static FILLED: Mutex<Vec<(Options, Sandbox)>> = Mutex::new(Vec::new());
    let mut filled = FILLED.lock().unwrap();
    if let Some((_, sandbox)) = filled.iter().find(|(of, _)| *of == options) {
        return sandbox.copy();
    }
    let sandbox = Sandbox::new(options.clone());
    filled.push((options, sandbox.copy()));
    sandbox
}

impl Odoo {
    pub async fn start(options: Options) -> Arc<Self> {
        let sandbox = filled(options);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(sandbox.clone().serve(listener, stop.clone().cancelled_owned()));
        Arc::new(Self { sandbox, proxy: Proxy::start(address).await, stop })
    }

    /// How to reach it through the proxy.
    pub fn config(&self, protocol: ProtocolChoice, timeout: Duration) -> OdooConfig {
        OdooConfig {
            url: Url::parse(&format!("http://{}", self.proxy.address)).unwrap(),
            database: "sandbox".to_owned(),
            login: "admin".to_owned(),
            secret: "sandbox".into(),
            secret_is_api_key: true,
            protocol,
            timeout,
            max_concurrency: 8,
        }
    }
}

impl Builder {
    pub fn protocol(mut self, protocol: ProtocolChoice) -> Self {
        self.protocol = protocol;
        self
    }

    /// How long one call to Odoo may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub fn sandbox(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Logs in with this password, not the API key.
    pub fn password(self, password: &'static str) -> Self {
        self.account("admin", password)
    }

    /// The same as this user.
    pub fn account(mut self, login: &'static str, password: &'static str) -> Self {
        self.account = Some((login, password));
        self
    }

    pub fn version(mut self, version: Version) -> Self {
        self.options.version = version;
        self
    }

    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// In front of an Odoo and on a log folder that were there before.
    pub fn after(mut self, earlier: (Arc<Odoo>, Arc<TempDir>)) -> Self {
        self.odoo = Some(earlier.0);
        self.log_dir = Some(earlier.1);
        self
    }

    pub async fn start(self) -> TestApp {
        self.start_as(App::new).await
    }

    /// With another handler of MCP than the product's.
    pub async fn start_with<H: ServerHandler + Clone + Sync>(self, handler: H) -> TestApp {
        self.start_as(|config, odoo, target| App::with_handler(config, odoo, target, |_| handler)).await
    }

    async fn start_as<H: ServerHandler + Clone + Sync>(
        self,
        build: impl FnOnce(Config, OdooConfig, Target) -> anyhow::Result<App<H>>,
    ) -> TestApp {
        let odoo = match self.odoo {
            Some(odoo) => odoo,
            None => Odoo::start(self.options).await,
        };
        let log_dir = self.log_dir.unwrap_or_else(|| Arc::new(TempDir::new().unwrap()));
        let mut config = Config { log_dir: log_dir.path().to_owned(), ..self.config };
        config.audit.folder = log_dir.path().join("audit");
        let max_concurrency = config.calls.max_concurrency;
        let mut odoo_config = OdooConfig { max_concurrency, ..odoo.config(self.protocol, self.timeout) };
        if let Some((login, password)) = self.account {
            odoo_config.login = login.to_owned();
            (odoo_config.secret, odoo_config.secret_is_api_key) = (password.into(), false);
        }
        let target = Target::server(&odoo_config);
        let app = build(config, odoo_config, target).unwrap();
        let state = app.state().clone();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(app.serve(listener, stop.clone().cancelled_owned()));
        TestApp { url, client: super::http_client(), odoo, state, log_dir, stop, serving }
    }
}

impl TestApp {
    /// Quick retries and time-outs, so that faults cost milliseconds.
    pub fn builder() -> Builder {
        let mut config = Config::from_env(&Env::default()).unwrap();
        config.tasks.first_retry = Duration::from_millis(5);
        config.tasks.longest_retry = Duration::from_millis(50);
        Builder {
            config,
            protocol: ProtocolChoice::Auto,
            timeout: Duration::from_secs(10),
            options: Options::default(),
            account: None,
            log_dir: None,
            odoo: None,
        }
    }

    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.odoo.sandbox
    }

    pub fn proxy(&self) -> &Proxy {
        &self.odoo.proxy
    }

    pub fn log_dir(&self) -> &Path {
        self.log_dir.path()
    }

    /// The log files of quotations.
    pub fn logs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.log_dir()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub async fn post(&self, body: &Value, key: Option<&str>) -> Response {
        let request = self.client.post(format!("{}/api/quotation/async", self.url)).json(body);
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        request.send().await.unwrap()
    }

    /// Posts a quotation that is accepted, and gives its tracking id.
    pub async fn accepted(&self, body: &Value, key: Option<&str>) -> String {
        let response = self.post(body, key).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["tracking_id"].as_str().unwrap().to_owned()
    }

    pub async fn status(&self, tracking_id: &str) -> Value {
        self.get_json(&format!("/api/quotation/status/{tracking_id}")).await
    }

    pub async fn events(&self, tracking_id: &str) -> Events {
        let response = self.get(&format!("/api/quotation/events/{tracking_id}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events::new(response)
    }

    /// Posts a quotation and waits for its final status.
    pub async fn quote(&self, body: &Value) -> Value {
        let tracking_id = self.accepted(body, None).await;
        self.finished(&tracking_id).await
    }

    /// Waits for the final status.
    pub async fn finished(&self, tracking_id: &str) -> Value {
        self.events(tracking_id).await.last().await
    }

    /// Stops the service as SIGTERM does; gives what a next one starts on.
    pub async fn stop(self) -> (Arc<Odoo>, Arc<TempDir>) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
        (self.odoo, self.log_dir)
    }
}

/// A request for two lines, one of them at the pricelist's price.
pub fn request(email: &str) -> Value {
    json!({
        "partner_name": "Almacenes Torres", "contact_name": "Luis Fernández", "email": email,
        "phone": "+52 155 1234 5678", "lead_name": "Cotización Robot PUDU", "ciudad": "Guadalajara",
        "description": "Para restaurante",
        "products": [{ "product_id": 26174, "qty": 2, "price": 99.5 }, { "product_id": 1, "qty": 3, "price": 10 }],
    })
}

/// The lines that [`request`] makes.
pub const REQUEST_LINES: [(i64, f64, f64); 2] = [(26174, 2.0, 99.5), (1, 3.0, 10.0)];
