//! Resources in MCP's own words.

use std::sync::Arc;

use futures::stream::SelectAll;
use futures::{StreamExt, TryStreamExt, stream};
use mcp_odoo_core::call::Call;
use mcp_odoo_core::records::{Context, ModelQuery, ModelRequest, is_file};
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::watching::MOST;
use rmcp::model::{
    CompleteRequestParams, CompletionInfo, ErrorCode, ErrorData, GetMeta, Reference, Resource,
    ResourceContents, ResourceTemplate, ResourceUpdatedNotification, ResourceUpdatedNotificationParam,
    ServerNotification,
};
use rmcp::service::SubscriptionContext;
use serde_json::json;
use tokio::sync::watch;

use super::operations::{TOO_MANY, too_many};
use super::{Body, Contents, Readable, data, follow, is_not_found, over};
use crate::dispatch;
use crate::records::{DescribeModel, ListModels};

/// JSON-RPC leaves this code to servers: it may be repeated later.
const LATER: ErrorCode = ErrorCode(-32000);
/// Where, of what is told, stands why no more will be told of it.
const REFUSED: &str = "mcp-odoo/error";
/// Calls for one request at once.
const AT_ONCE: usize = 8;

impl Readable {
    /// As `resources/list` has it.
    pub fn resource(&self) -> Resource {
        let resource =
            Resource::new(self.uri, self.name).with_title(self.title).with_description(self.description);
        match self.mime_type {
            Some(mime_type) => resource.with_mime_type(mime_type),
            None => resource,
        }
    }

    /// As `resources/templates/list` has it.
    pub fn template(&self) -> ResourceTemplate {
        let template = ResourceTemplate::new(self.uri, self.name)
            .with_title(self.title)
            .with_description(self.description);
        match self.mime_type {
            Some(mime_type) => template.with_mime_type(mime_type),
            None => template,
        }
    }
}

impl Contents {
    /// As `resources/read` has it.
    pub fn at(self, uri: &str) -> ResourceContents {
        let contents = match self.body {
            Body::Text(text) => ResourceContents::text(text, uri),
            Body::Base64(blob) => ResourceContents::blob(blob, uri),
        };
        contents.with_mime_type(self.mime_type)
    }
}

/// Why nothing was read or followed.
pub fn error(refusal: &Refusal, uri: &str) -> ErrorData {
    let code = match refusal.kind {
        _ if is_not_found(refusal) => ErrorCode::RESOURCE_NOT_FOUND,
        Kind::Invalid | Kind::Forbidden(_) => ErrorCode::INVALID_PARAMS,
        Kind::TooMany(_) | Kind::Cancelled | Kind::Unavailable(_) => LATER,
        Kind::Upstream | Kind::Defect => ErrorCode::INTERNAL_ERROR,
    };
    ErrorData::new(code, refusal.sentence.clone(), Some(data(refusal, uri)))
}

/// Tells of the resources that are asked for, until nobody listens. Each is told once to begin with: what changed between
/// the acknowledgement, which is sent before, and the first look is not lost; what cannot be followed is told with the reason,
/// unless nothing can be.
pub async fn listen(call: Call, context: &SubscriptionContext) -> Result<(), ErrorData> {
    let mut uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
    uris.sort();
    uris.dedup();
    // Before any of them is looked for.
    if let Some(beyond) = uris.get(MOST) {
        return Err(error(&too_many(&format!("listen to at most {MOST} resources at once")), beyond));
    }
    let asker = watch::Sender::new(Arc::clone(&call.caller)).subscribe();
    let begun = stream::iter(uris).map(|uri| {
        let (call, asker) = (call.clone(), asker.clone());
        async move {
            match Box::pin(follow(call, asker, &uri)).await {
                Ok(changes) => Ok(Ok(stream::iter([()]).chain(changes).map(move |()| uri.clone()))),
                Err(refusal) if is_for_good(&refusal) => {
                    // In an answer rmcp writes the code so: this version has no other for what is not there.
                    let code = ErrorCode::INVALID_PARAMS;
                    Ok(Err((ErrorData { code, ..error(&refusal, &uri) }, uri)))
                }
                // Who listens once more may hear of it.
                Err(refusal) => Err(error(&refusal, &uri)),
            }
        }
    });
    let begun: Vec<_> = begun.buffered(AT_ONCE).try_collect().await?;
    let (mut changes, mut refused) = (SelectAll::new(), Vec::new());
    for following in begun {
        match following {
            Ok(following) => changes.push(following),
            Err(it) => refused.push(it),
        }
    }
    if let (true, Some((error, _))) = (changes.is_empty(), refused.first()) {
        return Err(error.clone());
    }
    for (error, uri) in refused {
        let update = ResourceUpdatedNotification::new(ResourceUpdatedNotificationParam::new(uri));
        let mut update = ServerNotification::ResourceUpdatedNotification(update);
        update.get_meta_mut().insert(REFUSED.to_owned(), json!(error));
        if context.sink().send(update).await.is_err() {
            return Ok(());
        }
    }
    let mut over = std::pin::pin!(over(call.tenant, asker));
    loop {
        tokio::select! {
            () = context.cancelled() => return Ok(()),
            () = &mut over => return Ok(()),
            Some(uri) = changes.next() => {
                if context.sink().notify_resource_updated(uri).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

/// Whether it is refused however often it is asked for: there is a place once another is given free.
fn is_for_good(refusal: &Refusal) -> bool {
    matches!(refusal.kind, Kind::Invalid | Kind::Forbidden(_)) && refusal.code != TOO_MANY
}

/// What may stand for a part of an address, as far as it is written.
///
/// # Errors
/// When it cannot be found out.
pub async fn complete(call: Call, asked: &CompleteRequestParams) -> Result<CompletionInfo, ErrorData> {
    let Reference::Resource(template) = &asked.r#ref else { return Ok(CompletionInfo::default()) };
    let (written, context) = (asked.argument.value.trim(), asked.context.as_ref());
    let failed = |refusal: Refusal| error(&refusal, &template.uri);
    let (mut values, total) = match asked.argument.name.as_str() {
        "model" => {
            let query = ModelQuery {
                q: Some(written.to_owned()).filter(|written| !written.is_empty()),
                context: Context::default(),
            };
            let found = dispatch::<ListModels>(call, query).await.map_err(failed)?;
            let total = found.total.and_then(|total| total.try_into().ok());
            (found.items.into_iter().map(|model| model.model).collect::<Vec<_>>(), total)
        }
        "field" => {
            let Some(model) = context.and_then(|context| context.get_argument("model")) else {
                return Ok(CompletionInfo::default());
            };
            let request =
                ModelRequest { model: model.clone(), fields: Vec::new(), context: Context::default() };
            let described = dispatch::<DescribeModel>(call, request).await.map_err(failed)?;
            let files =
                described.fields.into_iter().filter(|field| is_file(&field.kind)).map(|field| field.name);
            (files.filter(|name| name.contains(written)).collect(), None)
        }
        _ => return Ok(CompletionInfo::default()),
    };
    // What begins so is rather meant than what has it somewhere.
    values.sort_by_key(|value| !value.starts_with(written));
    let found = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let total = total.or_else(|| found.try_into().ok());
    let has_more =
        total.is_some_and(|total: u32| values.len() < usize::try_from(total).unwrap_or(usize::MAX));
    CompletionInfo::with_pagination(values, total, has_more)
        .map_err(|message| ErrorData::internal_error(message, None))
}
