//! Resources: read, completed and followed, in both eras of the protocol and over every transport.

mod counting;
mod following;
mod listening;
mod reading;
mod rights;

use std::time::Duration;

use mcp_odoo_core::watching::Watching;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ErrorData, Implementation, ProtocolVersion, ReadResourceRequestParams,
    ResourceContents, ResourceUpdatedNotificationParam,
};
use rmcp::service::{
    ClientLifecycleMode, NotificationContext, RunningService, ServiceError, serve_client_with_lifecycle,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{IntoTransport, StreamableHttpClientTransport};
use rmcp::{ClientHandler, RoleClient};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::client::soon;
use crate::support::app::Builder;
use crate::support::mcp::{Caller, McpTools};

/// Often enough that nobody waits.
const OFTEN: Duration = Duration::from_millis(20);

/// A service that looks often at what is watched.
pub fn quick() -> Builder {
    McpTools::builder().configure(|config| config.watching.every = OFTEN)
}

/// Waits until nobody follows anything any more.
pub async fn left(watching: &Watching) {
    soon(async {
        while !watching.is_idle() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A client that hears of changes.
struct Hearer {
    client: RunningService<RoleClient, Ears>,
    heard: mpsc::UnboundedReceiver<String>,
}

struct Ears(mpsc::UnboundedSender<String>);

impl ClientHandler for Ears {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("hearer", "1"))
    }

    async fn on_resource_updated(
        &self,
        update: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let _ = self.0.send(update.uri);
    }
}

impl Hearer {
    /// Of the protocol with sessions.
    async fn connect(url: &str) -> Self {
        Self::over(streamable(crate::support::http_client(), url), ClientLifecycleMode::Initialize).await
    }

    /// Of the protocol without.
    async fn modern(url: &str) -> Self {
        let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
        let lifecycle = ClientLifecycleMode::Discover { preferred_versions };
        Self::over(streamable(crate::support::http_client(), url), lifecycle).await
    }

    async fn over<T, E, A>(transport: T, lifecycle: ClientLifecycleMode) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let (tell, heard) = mpsc::unbounded_channel();
        let client = serve_client_with_lifecycle(Ears(tell), transport, lifecycle).await.unwrap();
        Self { client, heard }
    }

    /// The next that was told.
    async fn hears(&mut self) -> String {
        soon(self.heard.recv()).await.unwrap()
    }

    /// What was told and not asked for yet.
    fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }

    async fn read(&self, uri: &str) -> Result<ResourceContents, ErrorData> {
        match self.client.read_resource(ReadResourceRequestParams::new(uri)).await {
            Ok(read) => Ok(read.contents.into_iter().next().unwrap()),
            Err(ServiceError::McpError(error)) => Err(error),
            Err(error) => panic!("{uri}: {error}"),
        }
    }

    /// What is there, as JSON.
    async fn json(&self, uri: &str) -> Value {
        match self.read(uri).await.unwrap_or_else(|error| panic!("{uri}: {error:?}")) {
            ResourceContents::TextResourceContents { text, mime_type, uri: told, .. } => {
                assert_eq!((told.as_str(), mime_type.as_deref()), (uri, Some("application/json")));
                serde_json::from_str(&text).unwrap()
            }
            other => panic!("{uri}: {other:?}"),
        }
    }

    async fn error(&self, uri: &str) -> ErrorData {
        self.read(uri).await.expect_err(uri)
    }
}

fn streamable(client: reqwest::Client, url: &str) -> StreamableHttpClientTransport<reqwest::Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{url}/mcp"));
    StreamableHttpClientTransport::with_client(client, config)
}

/// Makes a customer, and tells its id.
pub async fn customer(caller: &Caller, name: &str) -> i64 {
    let made =
        caller.call("create_record", json!({ "model": "res.partner", "values": { "name": name } })).await;
    made["id"].as_i64().unwrap_or_else(|| panic!("{made}"))
}

pub async fn rename(caller: &Caller, id: i64, name: &str) {
    let values = json!({ "model": "res.partner", "record_id": id, "values": { "name": name } });
    caller.call("update_record", values).await;
}

async fn delete(caller: &Caller, id: i64) {
    caller.call("delete_record", json!({ "model": "res.partner", "record_id": id })).await;
}
