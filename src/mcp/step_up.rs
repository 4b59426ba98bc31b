//! Calls beyond the scopes of an access token are refused by HTTP, where clients see that they need a new one; within
//! MCP only the model would see it.

use std::borrow::Cow;

use mcp_odoo_tools::caller::Identity;
use mcp_odoo_tools::permitted;
use serde::Deserialize;

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
}

/// Whether the messages ask for nothing that takes another token. What is none is refused elsewhere.
///
/// # Errors
/// What the token lacks.
pub(super) fn check(identity: &Identity, messages: &[u8]) -> Result<(), Problem> {
    if identity.caller.token_expires.is_none() {
        return Ok(());
    }
    let messages: Vec<Message<'_>> = match body::is_batch(messages) {
        true => serde_json::from_slice(messages).unwrap_or_default(),
        false => serde_json::from_slice(messages).into_iter().collect(),
    };
    for message in &messages {
        let tool = message.params.as_ref().and_then(|params| params.name.as_deref());
        if let (Some("tools/call"), Some(tool)) = (message.method.as_deref(), tool) {
            check_call(identity, tool)?;
        }
    }
    Ok(())
}

/// The same of a call of this tool.
///
/// # Errors
/// What the token lacks.
pub(super) fn check_call(identity: &Identity, tool: &str) -> Result<(), Problem> {
    match identity.caller.token_expires {
        Some(_) => Ok(permitted(tool, identity)?),
        None => Ok(()),
    }
}
