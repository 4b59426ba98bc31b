//! Clients written by hand, so that they can also do what no library would.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// Nothing here takes this long, however busy the machine is; a test that hangs fails.
const LIMIT: Duration = Duration::from_secs(120);

/// The outcome, unless it takes too long.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, what).await.expect("it must not hang")
}

pub fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub fn initialize(version: &str) -> Value {
    let client = json!({ "name": "by-hand", "version": "1" });
    request(1, "initialize", &json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client }))
}

pub fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

pub fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", &json!({ "name": tool, "arguments": arguments }))
}

/// The same request, as MCP 2026-07-28 has it.
pub fn modern(mut message: Value) -> Value {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "by-hand", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    message
}

/// A request of MCP 2026-07-28, which belongs to no session.
pub fn single(client: &Client, url: &str, message: Value) -> RequestBuilder {
    let message = modern(message);
    let request = Streamable::bare(client, url).header("mcp-protocol-version", "2026-07-28");
    let request = request.header("mcp-method", message["method"].as_str().unwrap());
    let name = ["name", "uri"].iter().find_map(|name| message["params"][name].as_str()).into_iter();
    name.fold(request, |request, name| request.header("mcp-name", name)).json(&message)
}

/// What a tool has said.
pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

/// The events of an open stream.
pub struct Stream {
    response: Response,
    buffer: String,
}

impl Stream {
    pub fn new(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, buffer: String::new() }
    }

    /// Name and data of the next event that has any; `None` when the stream ended.
    pub async fn event(&mut self) -> Option<(String, String)> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    let mut values = event.lines().filter_map(|line| line.strip_prefix(name));
                    values.next().map(|value| value.trim_start().to_owned())
                };
                let found = (field("event:").unwrap_or_default(), field("data:").unwrap_or_default());
                self.buffer = rest.to_owned();
                if !found.1.is_empty() {
                    return Some(found);
                }
            }
            let chunk = soon(self.response.chunk()).await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Option<Value> {
        let (_, data) = self.event().await?;
        Some(serde_json::from_str(&data).unwrap())
    }

    /// The answer to this request; what comes before it is dropped.
    pub async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.message().await.expect("the stream ended without the answer");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }
}

/// A client of the legacy transport.
pub struct Sse {
    client: Client,
    pub endpoint: String,
    pub stream: Stream,
}

impl Sse {
    /// Opens a session; nothing is initialized.
    pub async fn open(client: &Client, url: &str) -> Self {
        let mut stream = Stream::new(client.get(format!("{url}/mcp/sse")).send().await.unwrap());
        let (name, endpoint) = stream.event().await.unwrap();
        assert_eq!(name, "endpoint");
        assert!(endpoint.starts_with("/mcp/messages?sessionId="), "{endpoint}");
        Self { client: client.clone(), endpoint: format!("{url}{endpoint}"), stream }
    }

    /// An initialized session.
    pub async fn connect(client: &Client, url: &str) -> Self {
        let mut sse = Self::open(client, url).await;
        let answer = sse.ask(&initialize("2024-11-05")).await;
        assert_eq!(answer["result"]["protocolVersion"], "2024-11-05", "{answer}");
        sse.send(&initialized()).await;
        sse
    }

    pub fn post(&self) -> RequestBuilder {
        self.client.post(&self.endpoint)
    }

    pub async fn send(&self, message: &Value) {
        let answer = self.post().json(message).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }

    pub async fn ask(&mut self, request: &Value) -> Value {
        self.send(request).await;
        self.stream.answer(request["id"].as_u64().unwrap()).await
    }
}

/// A session of Streamable HTTP.
pub struct Streamable {
    client: Client,
    pub url: String,
    pub session: String,
    pub version: String,
}

impl Streamable {
    /// A POST to `/mcp` as the specification wants it.
    pub fn bare(client: &Client, url: &str) -> RequestBuilder {
        client.post(format!("{url}/mcp")).header("accept", "application/json, text/event-stream")
    }

    pub async fn connect(client: &Client, url: &str, version: &str) -> Self {
        let answer = Self::bare(client, url).json(&initialize(version)).send().await.unwrap();
        let session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let answer = Stream::new(answer).answer(1).await;
        let version = answer["result"]["protocolVersion"].as_str().unwrap().to_owned();
        let this = Self { client: client.clone(), url: url.to_owned(), session, version };
        let done = this.post().json(&initialized()).send().await.unwrap();
        assert_eq!(done.status(), StatusCode::ACCEPTED);
        this
    }

    /// The same session, called by another client.
    pub fn of(&self, client: Client) -> Self {
        let Self { url, session, version, .. } = self;
        Self { client, url: url.clone(), session: session.clone(), version: version.clone() }
    }

    fn with_session(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("mcp-session-id", &self.session).header("mcp-protocol-version", &self.version)
    }

    pub fn post(&self) -> RequestBuilder {
        self.with_session(Self::bare(&self.client, &self.url))
    }

    /// The stream of what the server says unasked.
    pub async fn listen(&self) -> Stream {
        let request = self.client.get(format!("{}/mcp", self.url)).header("accept", "text/event-stream");
        Stream::new(self.with_session(request).send().await.unwrap())
    }

    pub async fn ask(&self, request: &Value) -> Value {
        let answer = self.post().json(request).send().await.unwrap();
        Stream::new(answer).answer(request["id"].as_u64().unwrap()).await
    }

    pub async fn end(&self) -> StatusCode {
        self.with_session(self.client.delete(format!("{}/mcp", self.url))).send().await.unwrap().status()
    }
}
