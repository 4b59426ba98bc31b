//! The MCP tools, thin over core: each domain is a router, and the handler adds them up.

mod crm;
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

use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_core::erp::Erp;
use mcp_odoo_core::odoo::Odoo;
use mcp_odoo_core::quotation::salespeople::Salespeople;
use mcp_odoo_core::tasks::Tasks;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, tool_handler};

const INSTRUCTIONS: &str = "\
Odoo: quotations (cotizaciones), sales (ventas), projects (proyectos), tasks (tareas) and users (usuarios). \
To quote, call dev_create_quotation once: it makes customer, opportunity, order and lines, exactly once. \
If it answers status processing, ask dev_get_quotation_status; never create it again. \
Ids are Odoo's; a related record is its {id, name}; times are UTC; empty fields are absent.\n\
Para cotizar, llame una vez a dev_create_quotation: crea cliente, oportunidad, pedido y líneas, exactamente una vez. \
Si responde status processing, pregunte con dev_get_quotation_status; no la cree de nuevo.";

/// What the tools work with.
pub struct Services {
    /// The quotations of this process.
    pub tasks: Tasks,
    /// The Odoo that is read.
    pub reader: Odoo,
    /// The Odoo that is written to; may be the same.
    pub writer: Odoo,
    /// Who has the fewest open opportunities in the reader. Where that is also the writer, the pipeline's
    /// own ([`Pipeline::salespeople`](mcp_odoo_core::quotation::pipeline::Pipeline::salespeople)): it knows
    /// what was just given out.
    pub sales: Salespeople,
    /// How long a quotation is waited for before the model is told to ask later.
    pub inline: Duration,
}

/// The handler of all transports; a cheap handle.
#[derive(Clone)]
pub struct OdooTools {
    tools: Arc<ToolRouter<Self>>,
    shared: Arc<Shared>,
}

struct Shared {
    tasks: Tasks,
    reader: Erp,
    writer: Erp,
    sales: Salespeople,
    inline: Duration,
}

impl OdooTools {
    /// All tools over these services; nothing waits for Odoo.
    pub fn new(services: Services) -> Self {
        let Services { tasks, reader, writer, sales, inline } = services;
        let (reader, writer) = (Erp::new(reader), Erp::new(writer));
        let tools = quotations::router()
            + crm::router()
            + sales::router()
            + projects::router()
            + project_tasks::router()
            + users::router()
            + search::router();
        let shared = Shared { tasks, reader, writer, sales, inline };
        Self { tools: Arc::new(tools), shared: Arc::new(shared) }
    }
}

#[tool_handler(router = self.tools)]
impl ServerHandler for OdooTools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("mcp-odoo", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }
}
