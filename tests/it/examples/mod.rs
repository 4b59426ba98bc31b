//! What the documents of other servers for Odoo show, called as they write it, with ids and names that the embedded Odoo has.

mod config;
mod forms;
mod resources;
mod tools;

/// The servers whose names and forms are taken over, by their packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// mcp-server-odoo: `search_records` …
    Records,
    /// odoo-mcp-server: `odoo_search` …, REST, WebSocket, streams
    Odoo,
    /// mcp-odoo: `dev_create_sale` …, `search` and `fetch`
    Sales,
    /// mcp-odoo-panda: `odoo_write` …, `get_resource`, the configuration file
    Panda,
    /// odoo-mcp-server over HTTP streaming: `search_records` by JSON-RPC
    Streaming,
}

/// What is in their documents and not here, and why.
pub const NOT_COVERED: &[(System, &str, &str)] = &[
    (System::Records, "list_resource_templates", "resources/templates/list tells it, as MCP has it"),
    (
        System::Records,
        "odoo://{model}/record/{id}, /search, /count, /fields",
        "resources have addresses of their own",
    ),
    (System::Records, "ODOO_MCP_MAX_SMART_FIELDS", "fields says which are read"),
    (
        System::Odoo,
        "odoo_report of several records with an API key",
        "Odoo gives them to sessions only, which a password opens",
    ),
    (System::Odoo, "odoo_call of account.move.post", "Odoo calls it action_post since 14"),
    (
        System::Odoo,
        "the answers {model, count, records}",
        "an operation answers the same by all of its names",
    ),
    (
        System::Odoo,
        "/mcp/tools/call that answers {result, id}",
        "the result itself is the answer, as of the other routes",
    ),
    (
        System::Odoo,
        "SERVER_HOST, SERVER_PORT, RATE_LIMIT_REQUESTS, STREAM_CHUNK_SIZE",
        "HOST, PORT and REQUESTS_PER_MINUTE are",
    ),
    (
        System::Sales,
        "dev_read_record with user_id of a task",
        "Odoo has user_ids since 15: the error names it",
    ),
    (
        System::Panda,
        "odoo_search_read, odoo_read, odoo_call_method, odoo_execute_kw",
        "odoo_search and odoo_call are the same",
    ),
    (
        System::Panda,
        "JSON-RPC methods call_tool and read_resource",
        "MCP calls them tools/call and resources/read",
    ),
    (System::Panda, "prompts such as analyze-record", "there are none yet"),
    (System::Panda, "configuration as YAML, and keys such as pii_masking", "refused by name: see config.rs"),
    (
        System::Panda,
        "get_resource on stdin without an id and without initialize",
        "what they echo into the process has neither id nor jsonrpc: JSON-RPC answers no message without an id, and MCP \
         lets nothing else out on stdout; a WebSocket takes one with an id that does not introduce itself",
    ),
    (System::Panda, "GET /events", "GET /sse is"),
    (
        System::Streaming,
        "execute_method, search_count, get_model_fields",
        "call_method, aggregate_records and describe_model are",
    ),
    (System::Streaming, "POST /", "POST /mcp is the same"),
    (
        System::Streaming,
        "tools/call at /mcp that accepts only text/event-stream",
        "that is of sessions: /mcp/stream/tools/call streams",
    ),
];

#[test]
fn what_is_not_covered_says_why() {
    for (system, example, reason) in NOT_COVERED {
        assert!(!example.is_empty() && !reason.is_empty(), "{system:?}");
    }
}
