//! Sales teams, stages, leads and opportunities.

use super::{
    active, boolean, char, company, date, datetime, float, html, integer, many2many, many2one, monetary,
    one2many, selection, sequence,
};
use crate::Version;
use crate::compute;
use crate::datum::Datum;
use crate::schema::{Field, Kind, Model, Rights};

pub(super) fn models(version: Version) -> Vec<Model> {
    vec![
        Model::new(
            "crm.team",
            "Sales Team",
            vec![
                char("name", "Sales Team").required(),
                sequence(),
                many2one("user_id", "Team Leader", "res.users"),
                many2many("member_ids", "Salespersons", "res.users"),
                Field::new("lead_properties_definition", "Lead Properties", Kind::PropertiesDefinition),
                many2one("company_id", "Company", "res.company"),
                active(),
            ],
        )
        .order("sequence, create_date desc, id desc")
        .company("company_id"),
        Model::new(
            "crm.stage",
            "CRM Stages",
            vec![
                char("name", "Stage Name").required(),
                sequence(),
                boolean("is_won", "Is Won Stage?"),
                boolean("fold", "Folded in Pipeline"),
                many2one("team_id", "Sales Team", "crm.team"),
            ],
        )
        .order("sequence, name, id"),
        Model::new(
            "crm.tag",
            "CRM Tag",
            vec![char("name", "Tag Name").required(), integer("color", "Color")],
        )
        .rights(Rights::All)
        .unique(
            "name",
            if version == Version::V16 { "Tag name already exists !" } else { "Tag name already exists!" },
        ),
        match version {
            Version::V16 | Version::V18 => lead("Lead/Opportunity", "Customer"),
            Version::V19 => lead("Lead", "Contact"),
        },
    ]
}

fn lead(title: &'static str, partner: &'static str) -> Model {
    let kinds = &[("lead", "Lead"), ("opportunity", "Opportunity")];
    let priorities = &[("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Very High")];
    Model::new(
        "crm.lead",
        title,
        vec![
            char("name", "Opportunity").required(),
            selection("type", "Type", kinds).required().default(Datum::text("opportunity")),
            many2one("stage_id", "Stage", "crm.stage"),
            many2one("user_id", "Salesperson", "res.users"),
            many2one("team_id", "Sales Team", "crm.team"),
            many2one("partner_id", partner, "res.partner"),
            char("partner_name", "Company Name"),
            char("contact_name", "Contact Name"),
            char("email_from", "Email"),
            char("email_normalized", "Normalized Email").readonly().indexed(),
            char("phone", "Phone"),
            char("mobile", "Mobile").until(Version::V18),
            char("street", "Street"),
            char("city", "City"),
            char("zip", "Zip"),
            many2one("country_id", "Country", "res.country"),
            char("website", "Website"),
            char("referred", "Referred By"),
            html("description", "Notes"),
            selection("priority", "Priority", priorities).default(Datum::text("0")),
            float("probability", "Probability"),
            Field { digits: None, ..monetary("expected_revenue", "Expected Revenue") },
            many2one("company_currency", "Currency", "res.currency")
                .computed(compute::company_currency)
                .fleeting(),
            date("date_deadline", "Expected Closing"),
            datetime("date_open", "Assignment Date"),
            datetime("date_closed", "Closed Date"),
            datetime("date_conversion", "Conversion Date"),
            one2many("order_ids", "Orders", "sale.order", "opportunity_id"),
            many2many("tag_ids", "Tags", "crm.tag"),
            Field::new(
                "lead_properties",
                "Properties",
                Kind::Properties("team_id", "lead_properties_definition"),
            ),
            integer("color", "Color Index"),
            company(),
            active(),
        ],
    )
    .order("priority desc, id desc")
    .rights(Rights::All)
    .owner("user_id")
    .company("company_id")
    .of_company(&["partner_id", "user_id", "team_id"])
}
