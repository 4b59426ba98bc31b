//! The MCP tools, thin over core: each domain is a router, and the handler adds them up.

mod crm;
mod finding;
mod project_tasks;
mod projects;
mod quotations;
mod readable;
mod reply;
mod route;
mod sales;
mod schema;
mod search;
mod users;
mod whatsapp;

use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_core::erp::{Account, Erp};
use mcp_odoo_core::handoff::Handoffs;
use mcp_odoo_core::odoo::Odoo;
use mcp_odoo_core::quotation::salespeople::Salespeople;
use mcp_odoo_core::tasks::Tasks;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, ErrorData, Implementation, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler, tool_handler};
use tokio::sync::Semaphore;

/// Writing calls that are worked on at once in the whole process, at most; more of them wait. What is being
/// written is seen through after a cancellation, and so no longer counted by its session.
const MAX_WRITING: usize = 64;

const INSTRUCTIONS: &str = "\
Odoo: quotations (cotizaciones), sales (ventas), projects (proyectos), tasks (tareas) and users (usuarios). \
To quote, find ids with find_products and find_customers, then call dev_create_quotation once: it makes customer, \
opportunity, order and lines, exactly once. \
If it answers status processing, ask dev_get_quotation_status; never create it again. \
Ids are Odoo's; a related record is its {id, name}; times are UTC; empty fields are absent.\n\
Para cotizar, busque ids con find_products y find_customers y llame una vez a dev_create_quotation: crea cliente, oportunidad, pedido y líneas, exactamente una vez. \
Si responde status processing, pregunte con dev_get_quotation_status; no la cree de nuevo.";

/// Said where two Odoos are configured.
const TWO_ODOOS: &str = "\n\
There are two Odoos. dev_ tools write to one (DEV_ODOO_*), and dev_read_sale reads from it. All others read \
another one (ODOO_*): an id that list_, find_, get_ or search tools gave may not exist where dev_ tools write, or \
be another record there.\n\
Hay dos Odoo: las herramientas dev_ escriben en uno y las demás leen otro; sus ids no son los mismos.";

/// What the tools work with.
pub struct Services {
    /// The quotations of this process.
    pub tasks: Tasks,
    /// The handoffs of this process.
    pub handoffs: Handoffs,
    /// The Odoo that is written to.
    pub writer: Odoo,
    /// The Odoo that is read, where it is another one.
    pub reader: Option<Odoo>,
    /// Who has the fewest open opportunities in the reader. Where that is also the writer, the pipeline's
    /// own ([`Pipeline::salespeople`](mcp_odoo_core::quotation::pipeline::Pipeline::salespeople)): it knows
    /// what was just given out.
    pub sales: Salespeople,
    /// How long a quotation is waited for before the model is told to ask later.
    pub inline: Duration,
    /// Messages that are asked for over HTTP must be signed, which a call of a tool cannot be.
    pub signed_messages: bool,
}

/// The handler of all transports; a cheap handle.
#[derive(Clone)]
pub struct OdooTools {
    tools: Arc<ToolRouter<Self>>,
    shared: Arc<Shared>,
}

struct Shared {
    tasks: Tasks,
    handoffs: Handoffs,
    reader: Erp,
    writer: Erp,
    sales: Salespeople,
    inline: Duration,
    signed_messages: bool,
    writing: Semaphore,
    instructions: String,
}

impl OdooTools {
    /// All tools over these services; nothing waits for Odoo.
    pub fn new(services: Services) -> Self {
        let Services { tasks, handoffs, writer, reader, sales, inline, signed_messages } = services;
        let (writer, reader, more) = match reader {
            Some(reader) => (Erp::new(writer, Account::DevOdoo), Erp::new(reader, Account::Odoo), TWO_ODOOS),
            None => {
                let both = Erp::new(writer, Account::Odoo);
                (both.clone(), both, "")
            }
        };
        let tools = quotations::router()
            + crm::router()
            + finding::router()
            + sales::router()
            + projects::router()
            + project_tasks::router()
            + users::router()
            + search::router()
            + whatsapp::router();
        let writing = Semaphore::new(MAX_WRITING);
        let instructions = format!("{INSTRUCTIONS}{more}");
        let shared =
            Shared { tasks, handoffs, reader, writer, sales, inline, signed_messages, writing, instructions };
        Self { tools: Arc::new(tools), shared: Arc::new(shared) }
    }

    /// Whether this tool is there for who calls; over stdio all are.
    fn is_offered(&self, tool: &str, context: &RequestContext<RoleServer>) -> bool {
        let over_http = || context.extensions.get::<http::request::Parts>().is_some();
        tool != whatsapp::TOOL || !self.shared.signed_messages || !over_http()
    }
}

#[tool_handler(router = self.tools)]
impl ServerHandler for OdooTools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("mcp-odoo", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.shared.instructions.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut tools = self.tools.list_all();
        tools.retain(|tool| self.is_offered(&tool.name, &context));
        let hints =
            context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        let mut list = ListToolsResult::with_all_items(tools);
        (list.ttl_ms, list.cache_scope) = (hints.then_some(0), hints.then_some(CacheScope::Public));
        Ok(list)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.is_offered(&call.name, &context) {
            return Ok(whatsapp::unsigned().into());
        }
        // What comes with the request counts in the bounds of the transport until the call is done.
        let _held = context.extensions.clone();
        self.tools.call(ToolCallContext::new(self, call, context)).await
    }
}
