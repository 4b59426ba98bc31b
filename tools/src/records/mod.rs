//! Any record of Odoo.

mod aliases;
mod dev;
pub mod stream;

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{Erp, Page};
use mcp_odoo_core::records::{
    Aggregation, Called, Context, Deleted, Described, Fields, Group, MadeRecord, MessagePost, MethodCall,
    ModelName, ModelQuery, ModelRequest, NewRecord, PostedMessage, Read, RecordDeletion, RecordRequest,
    RecordSearch, RecordUpdate, Updated, View,
};
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, OK, Operation, PARTLY_DONE, Spec, Text};
use crate::tool::Tool;

pub use self::aliases::tools as aliases;

/// The tools of any record.
pub fn tools() -> Vec<Tool> {
    vec![
        Tool::of::<SearchRecords>(),
        Tool::of::<GetRecord>(),
        Tool::of::<ListModels>(),
        Tool::of::<DescribeModel>(),
        Tool::of::<AggregateRecords>(),
        Tool::of::<CreateRecord>(),
        Tool::of::<UpdateRecord>(),
        Tool::of::<DeleteRecord>(),
        Tool::of::<CallMethod>(),
        Tool::of::<PostMessage>(),
    ]
}

/// Those of the Odoo that is written to.
pub fn dev_tools() -> Vec<Tool> {
    vec![
        Tool::of::<dev::DevCreateRecord>(),
        Tool::of::<dev::DevUpdateRecord>(),
        Tool::of::<dev::DevReadRecord>(),
    ]
}

/// What the caller sees of this Odoo.
pub(crate) async fn view(call: &Call, erp: &Erp, context: &Context) -> Result<View, Refusal> {
    let context = context.or(&(&call.caller.works_in).into());
    Ok(erp.records().view(call.tenant.access.models(), &context).await?)
}

/// Finds records.
pub struct SearchRecords;

impl Operation for SearchRecords {
    const SPEC: Spec = Spec {
        name: "search_records",
        title: "Search records",
        description: "Finds records of any model (registros: facturas, contactos…) by a domain. For quotations, \
            products and customers the tools of their own are shorter. E.g. {\"model\":\"account.move\",\
            \"domain\":[[\"state\",\"=\",\"posted\"]]}.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = RecordSearch;
    type Answer = Page<Fields>;

    fn told(found: &Self::Answer) -> Vec<Id> {
        found.items.iter().filter_map(id).collect()
    }

    fn model(request: &RecordSearch) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordSearch) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.search(&request).await?)
    }
}

fn ids(ids: &[i64]) -> Vec<Id> {
    ids.iter().copied().map(Id::from).collect()
}

fn id(record: &Fields) -> Option<Id> {
    record.get("id")?.as_i64().map(Id::from)
}

/// Reads a record.
pub struct GetRecord;

impl Operation for GetRecord {
    const SPEC: Spec = Spec {
        name: "get_record",
        title: "Get a record",
        description: "Reads one record of any model (un registro), all fields or some, with the names of what its lists \
            point to.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = RecordRequest;
    type Answer = Read;

    fn named(request: &RecordRequest) -> Vec<Id> {
        ids(request.record_id.all())
    }

    fn model(request: &RecordRequest) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordRequest) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.read(&request).await?)
    }
}

/// Lists models.
pub struct ListModels;

impl Operation for ListModels {
    const SPEC: Spec = Spec {
        name: "list_models",
        title: "List models",
        description: "Lists the models (modelos) that may be read, by part of their name. E.g. {\"q\":\"factura\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = ModelQuery;
    type Answer = Page<ModelName>;

    async fn run(call: Call, request: ModelQuery) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.models(&request).await?)
    }
}

/// Describes a model.
pub struct DescribeModel;

impl Operation for DescribeModel {
    const SPEC: Spec = Spec {
        name: "describe_model",
        title: "Describe a model",
        description: "Tells a model's fields (campos): type, label, options, and what may be done with its records.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = ModelRequest;
    type Answer = Described;

    fn model(request: &ModelRequest) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: ModelRequest) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.describe(&request).await?)
    }
}

/// Sums records up.
pub struct AggregateRecords;

impl Operation for AggregateRecords {
    const SPEC: Spec = Spec {
        name: "aggregate_records",
        title: "Sum up records",
        description: "Counts and sums records by groups (totales por cliente, mes…), without reading them. E.g. \
            {\"model\":\"sale.order\",\"group_by\":[\"date_order:month\"],\"measures\":[\"amount_total:sum\"]}.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Lines,
    };
    type Request = Aggregation;
    type Answer = Page<Group>;

    fn model(request: &Aggregation) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: Aggregation) -> Result<Self::Answer, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.aggregate(&request).await?)
    }
}

/// Makes a record.
pub struct CreateRecord;

impl Operation for CreateRecord {
    const SPEC: Spec = Spec {
        name: "create_record",
        title: "Create a record",
        description: "Makes a record (crear), once for each idempotency_key with the same values. For quotations use \
            dev_create_quotation. E.g. {\"model\":\"res.partner\",\"values\":{\"name\":\"Ana\"}}.",
        does: Does::Add,
        needs: Permission::Write,
        model: None,
        text: Text::Lines,
    };
    type Request = NewRecord;
    type Answer = MadeRecord;

    fn told(made: &MadeRecord) -> Vec<Id> {
        vec![made.id.into()]
    }

    fn model(request: &NewRecord) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: NewRecord) -> Result<MadeRecord, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.create(&request).await?)
    }
}

/// Changes a record.
pub struct UpdateRecord;

impl Operation for UpdateRecord {
    const SPEC: Spec = Spec {
        name: "update_record",
        title: "Change a record",
        description: "Changes fields of a record (modificar); tells each as it was and as it is now.",
        does: Does::Overwrite,
        needs: Permission::Write,
        model: None,
        text: Text::Lines,
    };
    type Request = RecordUpdate;
    type Answer = Updated;

    fn named(request: &RecordUpdate) -> Vec<Id> {
        ids(request.record_id.all())
    }

    fn done(updated: &Updated) -> Option<Vec<Id>> {
        Some(ids(&updated.ids()))
    }

    fn outcome(updated: &Updated) -> &'static str {
        if updated.is_whole() { OK } else { PARTLY_DONE }
    }

    fn model(request: &RecordUpdate) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordUpdate) -> Result<Updated, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.update(&request).await?)
    }
}

/// Deletes a record.
pub struct DeleteRecord;

impl Operation for DeleteRecord {
    const SPEC: Spec = Spec {
        name: "delete_record",
        title: "Delete a record",
        description: "Deletes a record (borrar) for good and tells what it was. To archive, set active to false with \
            update_record.",
        does: Does::Overwrite,
        needs: Permission::Delete,
        model: None,
        text: Text::Lines,
    };
    type Request = RecordDeletion;
    type Answer = Deleted;

    fn named(request: &RecordDeletion) -> Vec<Id> {
        ids(request.record_id.all())
    }

    fn done(deleted: &Deleted) -> Option<Vec<Id>> {
        Some(ids(&deleted.ids()))
    }

    fn outcome(deleted: &Deleted) -> &'static str {
        if deleted.is_whole() { OK } else { PARTLY_DONE }
    }

    fn model(request: &RecordDeletion) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: RecordDeletion) -> Result<Deleted, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.delete(&request).await?)
    }
}

/// Calls a method.
pub struct CallMethod;

impl Operation for CallMethod {
    const SPEC: Spec = Spec {
        name: "call_method",
        title: "Call a method",
        description: "Calls a public method of a model (botones de Odoo), where no other tool does it. E.g. \
            {\"model\":\"account.move\",\"method\":\"action_post\",\"ids\":[7]}.",
        does: Does::Act,
        needs: Permission::Call,
        model: None,
        text: Text::Lines,
    };
    type Request = MethodCall;
    type Answer = Called;

    fn named(request: &MethodCall) -> Vec<Id> {
        ids(&request.on().0)
    }

    fn model(request: &MethodCall) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: MethodCall) -> Result<Called, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.call_method(&request).await?)
    }
}

/// Writes a note.
pub struct PostMessage;

impl Operation for PostMessage {
    const SPEC: Spec = Spec {
        name: "post_message",
        title: "Post a note",
        description: "Writes an internal note (nota) under a record; nobody outside is told.",
        does: Does::Add,
        needs: Permission::Write,
        model: None,
        text: Text::Lines,
    };
    type Request = MessagePost;
    type Answer = PostedMessage;

    fn named(request: &MessagePost) -> Vec<Id> {
        vec![request.record_id.into()]
    }

    fn model(request: &MessagePost) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: MessagePost) -> Result<PostedMessage, Refusal> {
        Ok(view(&call, &call.tenant.reader, &request.context).await?.post_message(&request).await?)
    }
}
