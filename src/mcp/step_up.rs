//! What is beyond the scopes of an access token is refused by HTTP, where clients see that they need a new one; within MCP
//! only the model would see it.

use std::borrow::Cow;

use mcp_odoo_core::access::Permissions;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_tools::caller::Identity;
use mcp_odoo_tools::operation::Spec;
use mcp_odoo_tools::resources::Resource;
use mcp_odoo_tools::{permitted, spec_of};
use rmcp::model::ClientJsonRpcMessage;
use serde::Deserialize;
use serde_json::Value;

use super::body;
use crate::error::Problem;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uri: Option<Cow<'a, str>>,
    notifications: Option<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(default)]
    resource_subscriptions: Vec<String>,
}

impl Message<'_> {
    /// What it asks for.
    fn specs(&self) -> Vec<&'static Spec> {
        let (Some(method), Some(params)) = (self.method.as_deref(), &self.params) else { return Vec::new() };
        let resource = |uri: &str| Resource::parse(uri).ok();
        let spec = match (method, params.name.as_deref(), params.uri.as_deref()) {
            ("tools/call", Some(tool), _) => spec_of(tool),
            ("resources/read" | "get_resource", _, Some(uri)) => resource(uri).map(|it| it.read_by()),
            ("resources/subscribe", _, Some(uri)) => resource(uri).map(|it| it.followed_by()),
            ("subscriptions/listen", ..) => {
                let uris = params.notifications.iter().flat_map(|filter| &filter.resource_subscriptions);
                let mut specs: Vec<_> = uris.filter_map(|uri| Some(resource(uri)?.followed_by())).collect();
                specs.sort_by_key(|spec| spec.name);
                specs.dedup_by_key(|spec| spec.name);
                return specs;
            }
            _ => None,
        };
        spec.into_iter().collect()
    }
}

/// What a message asks for.
pub(super) fn asked_for(message: &ClientJsonRpcMessage) -> Vec<&'static Spec> {
    let message = serde_json::to_value(message).unwrap_or_default();
    Message::deserialize(&message).map(|message| message.specs()).unwrap_or_default()
}

/// Whether the messages ask for nothing that takes another token. What is none is refused elsewhere.
///
/// # Errors
/// All that the token lacks.
pub(super) fn check(identity: &Identity, messages: &[u8]) -> Result<(), Problem> {
    if identity.caller.token_expires.is_none() {
        return Ok(());
    }
    let messages: Vec<Message<'_>> = match body::is_batch(messages) {
        true => serde_json::from_slice(messages).unwrap_or_default(),
        false => serde_json::from_slice(messages).into_iter().collect(),
    };
    lacks_nothing(identity, &messages)
}

/// The same of one message.
///
/// # Errors
/// All that the token lacks.
pub(super) fn check_one(identity: &Identity, message: &Value) -> Result<(), Problem> {
    if identity.caller.token_expires.is_none() {
        return Ok(());
    }
    let message: Vec<_> = Message::deserialize(message).into_iter().collect();
    lacks_nothing(identity, &message)
}

fn lacks_nothing(identity: &Identity, messages: &[Message<'_>]) -> Result<(), Problem> {
    let specs = messages.iter().flat_map(Message::specs);
    let refused: Vec<Refusal> = specs.filter_map(|spec| permitted(spec, identity).err()).collect();
    let lacks: Permissions = refused
        .iter()
        .filter_map(|refusal| match refusal.kind {
            Kind::Forbidden(permission) => permission,
            _ => None,
        })
        .collect();
    match refused.into_iter().next() {
        Some(refusal) => Err(Problem::from(refusal).lacking(lacks)),
        None => Ok(()),
    }
}
