//! What resources are read from, where no tool does it.

use std::pin::pin;
use std::sync::Arc;

use futures::future;
use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::Named;
use mcp_odoo_core::records::{Context, File, FileRequest};
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tenants::Tenant;
use mcp_odoo_core::watching::{MOST, Place, Watch, Watchable};
use serde::Serialize;

use super::follow::Asker;
use crate::operation::{Does, Operation, Spec, Text};
use crate::records::view;
use crate::toolset::Toolsets;

/// What a caller may know of this service.
pub struct ReadConfig;

/// The service and its Odoo.
#[derive(Serialize)]
pub struct About {
    service: &'static str,
    version: &'static str,
    /// `MCP_MODE`
    mode: &'static str,
    /// `TOOLSETS`
    toolsets: Vec<&'static str>,
    /// Of who asks.
    permissions: Vec<&'static str>,
    odoo_version: String,
    /// Another Odoo is written to by `dev_` tools.
    two_odoos: bool,
    companies: Vec<Named>,
    languages: Vec<String>,
}

impl Operation for ReadConfig {
    const SPEC: Spec = Spec {
        name: "read_config",
        title: "Configuration",
        description: "Tells version, mode, toolsets, companies and languages of this service.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Json,
    };
    type Request = Toolsets;
    type Answer = About;

    async fn run(call: Call, shown: Toolsets) -> Result<About, Refusal> {
        let tenant = &call.tenant;
        let odoo = view(&call, &tenant.reader, &Context::default()).await?.about().await?;
        let permitted = Permission::ALL.into_iter().filter(|it| call.caller.permissions.has(*it));
        Ok(About {
            service: "mcp-odoo",
            version: env!("CARGO_PKG_VERSION"),
            mode: if tenant.access.config().read_only { "readonly" } else { "readwrite" },
            toolsets: shown.names().collect(),
            permissions: permitted.map(Permission::name).collect(),
            odoo_version: odoo.version,
            two_odoos: tenant.has_two_odoos(),
            companies: odoo.companies,
            languages: odoo.languages,
        })
    }
}

/// Reads what is in a field of a record.
pub struct ReadFile;

impl Operation for ReadFile {
    const SPEC: Spec = Spec {
        name: "read_file",
        title: "Read a file",
        description: "Reads the file or picture in a field of a record.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Json,
    };
    type Request = FileRequest;
    type Answer = File;

    fn named(request: &FileRequest) -> Vec<Id> {
        vec![request.record_id.into()]
    }

    fn model(request: &FileRequest) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: FileRequest) -> Result<File, Refusal> {
        Ok(view(&call, &call.tenant.reader, &Context::default()).await?.file(&request).await?)
    }
}

/// Tells of changes of records, from now on.
pub struct FollowRecords;

impl Operation for FollowRecords {
    const SPEC: Spec = Spec {
        name: "follow_records",
        title: "Follow records",
        description: "Tells each change of a record or a list.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Json,
    };
    type Request = Watchable;
    type Answer = (Watch, Place);

    fn named(what: &Watchable) -> Vec<Id> {
        match what {
            Watchable::Record { id, .. } => vec![(*id).into()],
            Watchable::List { .. } => Vec::new(),
        }
    }

    fn model(what: &Watchable) -> Option<&str> {
        match what {
            Watchable::Record { model, .. } => Some(model),
            Watchable::List { search, .. } => Some(&search.model),
        }
    }

    async fn run(call: Call, what: Watchable) -> Result<Self::Answer, Refusal> {
        let place = place(&call)?;
        let works_in = Context::from(&call.caller.works_in);
        Ok((call.tenant.watching.watch(what, &works_in).await?, place))
    }
}

/// Counts one more subscription of this caller.
///
/// # Errors
/// When they have too many.
pub fn place(call: &Call) -> Result<Place, Refusal> {
    call.tenant.watching.place(&call.tenant.counts(&call.caller)).ok_or_else(|| {
        too_many(&format!("this caller has {MOST} subscriptions already: end some (resources/unsubscribe)"))
    })
}

/// The code of what there is no place for until others are ended.
pub const TOO_MANY: &str = "too_many_subscriptions";

pub fn too_many(sentence: &str) -> Refusal {
    Refusal::new(Kind::Invalid, TOO_MANY, sentence)
}

/// Waits until a caller of this tenant is told nothing any more, whatever they log in with meanwhile.
pub async fn over(tenant: Arc<Tenant>, mut asker: Asker) {
    let may_not_ask = async {
        loop {
            let caller = Arc::clone(&asker.borrow_and_update());
            tokio::select! {
                () = caller.over() => return,
                Ok(()) = asker.changed() => {}
            }
        }
    };
    future::select(pin!(may_not_ask), pin!(tenant.watching.ended().cancelled())).await;
}
