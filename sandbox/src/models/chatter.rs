//! Messages and activities.

use super::{
    active, boolean, char, date, datetime, html, integer, many2many, many2one, one2many, reference_id,
    selection, sequence,
};
use crate::Version;
use crate::activities;
use crate::schema::{Field, Model, Rights};

/// What a model with messages and activities has of them.
pub(super) fn fields() -> Vec<Field> {
    let states = &[("overdue", "Overdue"), ("today", "Today"), ("planned", "Planned")];
    vec![
        one2many("message_ids", "Messages", "mail.message", "res_id"),
        one2many("activity_ids", "Activities", "mail.activity", "res_id"),
        selection("activity_state", "Activity State", states)
            .computed(activities::state_of_document)
            .fleeting(),
        char("activity_summary", "Next Activity Summary").computed(activities::next_summary).fleeting(),
        date("activity_date_deadline", "Next Activity Deadline")
            .computed(activities::next_deadline)
            .fleeting(),
        many2one("activity_user_id", "Responsible User", "res.users")
            .computed(activities::next_user)
            .fleeting(),
        many2one("activity_type_id", "Next Activity Type", "mail.activity.type")
            .computed(activities::next_type)
            .fleeting(),
    ]
}

pub(super) fn models() -> Vec<Model> {
    let kinds = &[
        ("email", "Email"),
        ("comment", "Comment"),
        ("notification", "System notification"),
        ("user_notification", "User Specific Notification"),
    ];
    let states = &[("overdue", "Overdue"), ("today", "Today"), ("planned", "Planned"), ("done", "Done")];
    vec![
        Model::new(
            "mail.message",
            "Message",
            vec![
                char("subject", "Subject"),
                char("model", "Related Document Model"),
                reference_id("res_id", "Related Document ID", "model"),
                html("body", "Contents"),
                selection("message_type", "Type", kinds),
                many2one("subtype_id", "Subtype", "mail.message.subtype"),
                many2one("author_id", "Author", "res.partner"),
                many2many("partner_ids", "Recipients", "res.partner"),
                many2many("attachment_ids", "Attachments", "ir.attachment"),
                datetime("date", "Date"),
            ],
        )
        .order("id desc")
        .rights(Rights::All)
        .hangs_on("res_id")
        .name_fields(&["subject"]),
        Model::new(
            "mail.message.subtype",
            "Message subtypes",
            vec![char("name", "Message Type").required(), boolean("internal", "Internal Only"), sequence()],
        )
        .order("sequence, id"),
        Model::new(
            "mail.activity.type",
            "Activity Type",
            vec![
                char("name", "Name").required(),
                char("summary", "Default Summary"),
                char("icon", "Icon"),
                char("category", "Action"),
                char("res_model", "Model"),
                integer("delay_count", "Schedule"),
                sequence(),
                active(),
            ],
        )
        .order("sequence, id"),
        Model::new(
            "mail.activity",
            "Activity",
            vec![
                char("res_model", "Related Document Model").required(),
                reference_id("res_id", "Related Document ID", "res_model"),
                char("res_name", "Document Name").computed(activities::document_name),
                many2one("activity_type_id", "Activity Type", "mail.activity.type"),
                char("summary", "Summary"),
                html("note", "Note"),
                date("date_deadline", "Due Date").required(),
                date("date_done", "Done Date").since(Version::V18),
                many2one("user_id", "Assigned to", "res.users").required().until(Version::V18),
                many2one("user_id", "Assigned to", "res.users").since(Version::V19),
                selection("state", "State", states).computed(activities::state).fleeting(),
                active().since(Version::V18),
                // 16 has it not; nothing is done there, only deleted.
                active().forbidden().until(Version::V16),
            ],
        )
        .order("date_deadline, id")
        .rights(Rights::All)
        .hangs_on("res_id")
        .name_fields(&["summary"]),
    ]
}
