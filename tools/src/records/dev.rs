//! Any record of the Odoo that is written to, by the names that older clients know.

use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::records::{MadeRecord, NewRecord, Read, RecordRequest, RecordUpdate, Updated};
use mcp_odoo_core::refusal::Refusal;

use super::{CreateRecord, GetRecord, UpdateRecord, view};
use crate::operation::{Operation, Spec};

/// Makes a record.
pub struct DevCreateRecord;

impl Operation for DevCreateRecord {
    const SPEC: Spec = Spec {
        name: "dev_create_record",
        title: "Create a record (dev)",
        description: "As create_record, in the Odoo that is written to, where two are configured.",
        ..CreateRecord::SPEC
    };
    type Request = NewRecord;
    type Answer = MadeRecord;

    fn told(made: &MadeRecord) -> Vec<Id> {
        CreateRecord::told(made)
    }

    fn model(request: &NewRecord) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: NewRecord) -> Result<MadeRecord, Refusal> {
        Ok(view(&call, &call.tenant.writer, &request.context).await?.create(&request).await?)
    }
}

/// Changes a record.
pub struct DevUpdateRecord;

impl Operation for DevUpdateRecord {
    const SPEC: Spec = Spec {
        name: "dev_update_record",
        title: "Change a record (dev)",
        description: "As update_record, in the Odoo that is written to, where two are configured.",
        ..UpdateRecord::SPEC
    };
    type Request = RecordUpdate;
    type Answer = Updated;

    fn named(request: &RecordUpdate) -> Vec<Id> {
        UpdateRecord::named(request)
    }

    fn done(updated: &Updated) -> Option<Vec<Id>> {
        UpdateRecord::done(updated)
    }

    fn outcome(updated: &Updated) -> &'static str {
        UpdateRecord::outcome(updated)
    }

    fn model(request: &RecordUpdate) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordUpdate) -> Result<Updated, Refusal> {
        Ok(view(&call, &call.tenant.writer, &request.context).await?.update(&request).await?)
    }
}

/// Reads a record.
pub struct DevReadRecord;

impl Operation for DevReadRecord {
    const SPEC: Spec = Spec {
        name: "dev_read_record",
        title: "Read a record (dev)",
        description: "As get_record, in the Odoo that is written to, where two are configured.",
        ..GetRecord::SPEC
    };
    type Request = RecordRequest;
    type Answer = Read;

    fn named(request: &RecordRequest) -> Vec<Id> {
        GetRecord::named(request)
    }

    fn model(request: &RecordRequest) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordRequest) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.writer, &request.context).await?.read(&request).await?)
    }
}
