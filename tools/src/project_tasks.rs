//! Tasks of projects.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{Page, Single, Task, TaskFilter, TaskRequest, TaskSummary};
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, Operation, Spec, Text};

pub struct ListTasks;

impl Operation for ListTasks {
    const SPEC: Spec = Spec {
        name: "list_tasks",
        title: "List tasks",
        description: "Lists tasks (tareas). For the text of one use get_task. E.g. \
            {\"assigned_to_name\":\"Laura\",\"limit\":5}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("project.task"),
        text: Text::Lines,
    };
    type Request = TaskFilter;
    type Answer = Page<TaskSummary>;

    fn told(tasks: &Page<TaskSummary>) -> Vec<Id> {
        tasks.items.iter().map(|task| task.id.into()).collect()
    }

    async fn run(call: Call, filter: TaskFilter) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.tasks(&filter).await?)
    }
}

pub struct GetTask;

impl Operation for GetTask {
    const SPEC: Spec = Spec {
        name: "get_task",
        title: "Get task",
        description: "One task (tarea) with its text and people. To find one use list_tasks or search.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("project.task"),
        text: Text::Lines,
    };
    type Request = TaskRequest;
    type Answer = Single<Task>;

    fn named(request: &TaskRequest) -> Vec<Id> {
        vec![request.task_id.into()]
    }

    async fn run(call: Call, request: TaskRequest) -> Result<Self::Answer, Refusal> {
        Ok(Single { record: call.reader().await?.task(&request).await? })
    }
}
