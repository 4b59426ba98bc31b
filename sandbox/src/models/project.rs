//! Projects and tasks.

use super::{
    active, boolean, char, company, date, datetime, float, html, integer, many2many, many2one, one2many,
    selection, sequence,
};
use crate::datum::Datum;
use crate::schema::{Field, Kind, Model, Rights};
use crate::{Version, compute};

pub(super) fn models() -> Vec<Model> {
    let states = &[
        ("01_in_progress", "In Progress"),
        ("02_changes_requested", "Changes Requested"),
        ("03_approved", "Approved"),
        ("1_done", "Done"),
        ("1_canceled", "Cancelled"),
        ("04_waiting_normal", "Waiting"),
    ];
    let kanban = &[("normal", "In Progress"), ("done", "Ready"), ("blocked", "Blocked")];
    let priorities = &[("0", "Low priority"), ("1", "High priority")];
    vec![
        Model::new(
            "project.project",
            "Project",
            vec![
                char("name", "Name").required(),
                many2one("user_id", "Project Manager", "res.users"),
                many2one("partner_id", "Customer", "res.partner"),
                html("description", "Description"),
                date("date_start", "Start Date"),
                date("date", "Expiration Date"),
                one2many("task_ids", "Tasks", "project.task", "project_id"),
                Field::new("task_properties_definition", "Task Properties", Kind::PropertiesDefinition),
                integer("task_count", "Task Count").computed(compute::task_count),
                sequence(),
                company(),
                active(),
            ],
        )
        .order("sequence, name, id"),
        Model::new(
            "project.task.type",
            "Task Stage",
            vec![char("name", "Name").required(), boolean("fold", "Folded in Kanban"), sequence(), active()],
        )
        .order("sequence, id"),
        Model::new(
            "project.task",
            "Task",
            vec![
                char("name", "Title").required(),
                many2one("project_id", "Project", "project.project"),
                many2many("user_ids", "Assignees", "res.users"),
                many2one("stage_id", "Stage", "project.task.type"),
                selection("state", "State", states)
                    .default(Datum::text("01_in_progress"))
                    .since(Version::V18),
                selection("kanban_state", "Status", kanban)
                    .default(Datum::text("normal"))
                    .until(Version::V16),
                many2one("partner_id", "Customer", "res.partner"),
                many2one("parent_id", "Parent Task", "project.task"),
                one2many("child_ids", "Sub-tasks", "project.task", "parent_id"),
                html("description", "Description"),
                datetime("date_deadline", "Deadline").since(Version::V18),
                date("date_deadline", "Deadline").until(Version::V16),
                datetime("date_assign", "Assigning Date"),
                selection("priority", "Priority", priorities).default(Datum::text("0")),
                float("allocated_hours", "Allocated Time").since(Version::V18),
                float("planned_hours", "Initially Planned Hours").until(Version::V16),
                Field::new(
                    "task_properties",
                    "Properties",
                    Kind::Properties("project_id", "task_properties_definition"),
                ),
                sequence(),
                company(),
                active(),
            ],
        )
        .order("priority desc, sequence, date_deadline, id desc")
        .rights(Rights::All),
    ]
}
