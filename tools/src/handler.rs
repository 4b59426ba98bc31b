//! The tools over MCP, for all of its transports.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::FutureExt;
use mcp_odoo_core::access::{Caller, Door, Permissions};
use mcp_odoo_core::call::{Call, Progress};
use mcp_odoo_core::refusal::Refusal;
use mcp_odoo_core::tenants::Tenant;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
    CompleteResult, ContentBlock, CustomRequest, CustomResult, ErrorCode, ErrorData, Implementation,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, RequestMetaObject, ResourceContents, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, ToolAnnotations, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{Peer, RoleServer, ServerHandler};
use serde_json::Value;

use crate::caller::{Course, Identity, Local, language};
use crate::dispatch::permit;
use crate::operation::Does;
use crate::reply::{Failure, File, Reply};
use crate::resources::{self, Followed, Readable, mcp};
use crate::tool::Tool;
use crate::toolset::Toolsets;

const INSTRUCTIONS: &str = "\
Odoo: quotations (cotizaciones), sales (ventas), projects (proyectos), tasks (tareas) and users (usuarios). \
To quote, find ids with find_products and find_customers, then call dev_create_quotation once: it makes customer, \
opportunity, order and lines, exactly once. \
If it answers status processing, ask dev_get_quotation_status; never create it again. \
Ids are Odoo's; a related record is its {id, name}; times are UTC; empty fields are absent.\n\
Para cotizar, busque ids con find_products y find_customers y llame una vez a dev_create_quotation: crea cliente, oportunidad, pedido y líneas, exactamente una vez. \
Si responde status processing, pregunte con dev_get_quotation_status; no la cree de nuevo.";

/// What is said where there is no tool of this name.
pub const NO_TOOL: &str = "tool not found";

/// As what older clients ask for `resources/read`.
const GET_RESOURCE: &str = "get_resource";

/// Said where two Odoos are configured.
const TWO_ODOOS: &str = "\n\
There are two Odoos. dev_ tools write to one (DEV_ODOO_*), and dev_read_sale reads from it. All others read \
another one (ODOO_*): an id that list_, find_, get_ or search tools gave may not exist where dev_ tools write, or \
be another record there.\n\
Hay dos Odoo: las herramientas dev_ escriben en uno y las demás leen otro; sus ids no son los mismos.";

/// The handler of all transports, one for each session; a cheap handle.
pub struct OdooTools {
    shared: Arc<Shared>,
    /// What the client of this session is told of.
    followed: Followed,
}

/// For another session.
impl Clone for OdooTools {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), followed: Followed::default() }
    }
}

struct Shared {
    /// Each with the form that MCP lists, by name.
    tools: Vec<(rmcp::model::Tool, Tool)>,
    shown: Toolsets,
    tenant: Arc<Tenant>,
    local: Arc<Caller>,
    nobody: Arc<Caller>,
    instructions: String,
}

impl OdooTools {
    /// These tools, for this tenant; `tools/list` shows some of them.
    pub fn new(mut tools: Vec<Tool>, shown: Toolsets, tenant: Arc<Tenant>) -> Self {
        let more = if tenant.has_two_odoos() { TWO_ODOOS } else { "" };
        tools.sort_by_key(|tool| tool.spec.name);
        let tools = tools.into_iter().map(|tool| (listed(&tool), tool)).collect();
        let [local, nobody] =
            [Caller::local(), Caller::anonymous(Permissions::default(), None)].map(Arc::new);
        let instructions = format!("{INSTRUCTIONS}{more}");
        let shared = Arc::new(Shared { tools, shown, tenant, local, nobody, instructions });
        Self { shared, followed: Followed::default() }
    }

    /// Who asks, by which door, for whom.
    fn asker(&self, context: &RequestContext<RoleServer>) -> (Arc<Caller>, Door, Arc<Tenant>) {
        let Shared { local, nobody, tenant, .. } = &*self.shared;
        let (caller, door, tenant) = match (identity(context), context.extensions.get::<Local>()) {
            (Some(Identity { caller, tenant, .. }), _) => (caller, Door::Mcp, tenant),
            (None, Some(Local)) => (local, Door::Stdio, tenant),
            // Nobody was asked who they are.
            (None, None) => (nobody, Door::Mcp, tenant),
        };
        (Arc::clone(caller), door, Arc::clone(tenant))
    }

    /// A call of whoever asks, of which nobody hears until it is done.
    fn call(&self, context: &RequestContext<RoleServer>) -> Call {
        let (caller, door, tenant) = self.asker(context);
        self.followed.heard_of(&caller);
        let (address, request_id) =
            identity(context).map_or((None, None), |it| (it.address, Some(it.request_id)));
        let language = parts(context).and_then(|parts| language(&parts.headers)).unwrap_or(tenant.language);
        let (progress, stop) = (Progress::default(), Some(context.ct.clone()));
        Call { caller, door, address, request_id, tenant, language, progress, stop }
    }

    /// Reads a resource.
    async fn read(
        &self,
        uri: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        let reading =
            AssertUnwindSafe(Box::pin(resources::read(self.call(context), uri, &self.shared.shown)));
        let read = reading.catch_unwind().await.unwrap_or_else(|_| Err(Refusal::defect()));
        let contents = read.map_err(|refusal| {
            let error = mcp::error(&refusal, uri);
            if let Some(course) = course(context) {
                course.fails(Failure::Refused(refusal));
            }
            error
        })?;
        let contents = contents.at(uri);
        let mut result = ReadResourceResult::new(vec![contents]);
        (result.ttl_ms, result.cache_scope) = cache_hints(context);
        Ok(result)
    }

    fn find(&self, name: &str) -> Option<&(rmcp::model::Tool, Tool)> {
        let tools = &self.shared.tools;
        tools.binary_search_by_key(&name, |(_, tool)| tool.spec.name).ok().and_then(|at| tools.get(at))
    }
}

/// What is rare is boxed: rmcp moves a future as large as the largest of these with every request.
impl ServerHandler for OdooTools {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources();
        let capabilities = capabilities.enable_resources_subscribe().enable_completions().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("mcp-odoo", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.shared.instructions.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let (caller, door, tenant) = self.asker(&context);
        let offered = |(_, tool): &&(_, Tool)| {
            self.shared.shown.show(tool.toolset) && permit(tool.spec, &caller, door, &tenant).is_ok()
        };
        let tools = self.shared.tools.iter().filter(offered).map(|(listed, _)| listed.clone()).collect();
        let mut list = ListToolsResult::with_all_items(tools);
        (list.ttl_ms, list.cache_scope) = cache_hints(&context);
        Ok(list)
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (_, tool) = self.find(&asked.name).ok_or_else(|| ErrorData::invalid_params(NO_TOOL, None))?;
        let mut arguments = asked.arguments.unwrap_or_default();
        // Models send null for what they leave out.
        arguments.retain(|_, argument| !argument.is_null());
        let (call, course) = (self.call(&context), course(&context).cloned());
        // What comes with the request counts in the bounds of the transport until the call is done.
        let RequestContext { meta, peer, extensions: _held, .. } = context;
        let mut progress = progress(&meta, peer);
        if let Some(course) = &course {
            progress = progress.beginning(course.begun().clone());
        }
        let reply = AssertUnwindSafe(tool.call(Call { progress, ..call }, arguments)).catch_unwind().await;
        let reply = reply.unwrap_or_else(|_| Reply::refused(Refusal::defect()));
        if let (Some(course), Some(failure)) = (course, &reply.failure) {
            course.fails(failure.clone());
        }
        Ok(result(reply).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let listed = resources::listed(&self.call(&context)).map(Readable::resource).collect();
        let mut list = ListResourcesResult::with_all_items(listed);
        (list.ttl_ms, list.cache_scope) = cache_hints(&context);
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let listed = resources::templates(&self.call(&context)).map(Readable::template).collect();
        let mut list = ListResourceTemplatesResult::with_all_items(listed);
        (list.ttl_ms, list.cache_scope) = cache_hints(&context);
        Ok(list)
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.read(&asked.uri, &context).await.map(Into::into)
    }

    async fn subscribe(
        &self,
        SubscribeRequestParams { uri, .. }: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        // What tells of it outlasts the request.
        let call = Call { stop: None, ..self.call(&context) };
        let following = Box::pin(self.followed.add(call, uri.clone(), context.peer.clone()));
        let followed = context.ct.run_until_cancelled(following).await;
        followed.unwrap_or_else(|| Err(Refusal::cancelled())).map_err(|refusal| mcp::error(&refusal, &uri))
    }

    async fn unsubscribe(
        &self,
        asked: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.followed.remove(&asked.uri);
        Ok(())
    }

    /// Who may follow what is looked at once they listen: here nobody is asked who they are.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        Box::pin(mcp::listen(self.call(context.request_context()), &context)).await
    }

    async fn complete(
        &self,
        asked: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Box::pin(mcp::complete(self.call(&context), &asked)).await.map(CompleteResult::new)
    }

    /// `get_resource` is how older clients read a resource.
    async fn on_custom_request(
        &self,
        CustomRequest { method, params, .. }: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if method != GET_RESOURCE {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None));
        }
        let uri = params.as_ref().and_then(|params| params.get("uri")).and_then(Value::as_str);
        let uri = uri.ok_or_else(|| {
            ErrorData::invalid_params("params.uri: must be the address of a resource", None)
        })?;
        let mut read = self.read(uri, &context).await?;
        read.result_type = None;
        let read = serde_json::to_value(read);
        read.map(CustomResult).map_err(|_| ErrorData::internal_error("the resource has no JSON form", None))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        self.find(name).map(|(listed, _)| listed.clone())
    }
}

/// A tool as MCP lists it.
fn listed(tool: &Tool) -> rmcp::model::Tool {
    let hints = match tool.spec.does {
        Does::Read => ToolAnnotations::new().read_only(true).destructive(false).idempotent(true),
        Does::Add | Does::Queue | Does::Tell => {
            ToolAnnotations::new().read_only(false).destructive(false).idempotent(false)
        }
        Does::Overwrite => ToolAnnotations::new().read_only(false).destructive(true).idempotent(true),
        Does::Act => ToolAnnotations::new().read_only(false).destructive(true).idempotent(false),
    };
    let listed = rmcp::model::Tool::new(tool.spec.name, tool.spec.description, Arc::clone(&tool.input))
        .with_title(tool.spec.title)
        .with_annotations(hints.open_world(tool.spec.does == Does::Tell));
    match &tool.output {
        Some(output) => listed.with_raw_output_schema(Arc::clone(output)),
        None => listed,
    }
}

/// What a client may keep, where the version has words for it.
fn cache_hints(context: &RequestContext<RoleServer>) -> (Option<u64>, Option<CacheScope>) {
    let hints = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    (hints.then_some(0), hints.then_some(CacheScope::Private))
}

/// The head of a request over HTTP.
fn parts(context: &RequestContext<RoleServer>) -> Option<&http::request::Parts> {
    context.extensions.get()
}

/// What is to be told of how a request goes, where somebody asks for that.
fn course(context: &RequestContext<RoleServer>) -> Option<&Course> {
    parts(context)?.extensions.get()
}

/// Who sent a request over HTTP.
fn identity(context: &RequestContext<RoleServer>) -> Option<&Identity> {
    parts(context)?.extensions.get()
}

fn progress(meta: &RequestMetaObject, peer: Peer<RoleServer>) -> Progress {
    let Some(token) = meta.get_progress_token() else { return Progress::default() };
    Progress::new(move |step, what| {
        let (peer, token) = (peer.clone(), token.clone());
        async move {
            let told = ProgressNotificationParam::new(token, step.into()).with_message(what);
            // A client that does not hear it can still ask for the status.
            let _ = peer.notify_progress(told).await;
        }
        .boxed()
    })
}

fn result(reply: Reply) -> CallToolResult {
    let text = ContentBlock::text(reply.text);
    let mut result = CallToolResult::success(std::iter::once(text).chain(reply.file.map(embedded)).collect());
    (result.structured_content, result.is_error) = (reply.structured, Some(reply.failure.is_some()));
    result
}

fn embedded(File { uri, content_type, content }: File) -> ContentBlock {
    let contents = match content_type.starts_with("text/") {
        true => ResourceContents::text(String::from_utf8_lossy(&content), uri),
        false => ResourceContents::blob(BASE64_STANDARD.encode(content), uri),
    };
    ContentBlock::resource(contents.with_mime_type(content_type))
}
