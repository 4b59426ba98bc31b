//! The models as data, one file per application.

mod account;
mod base;
mod chatter;
mod crm;
mod depends;
mod files;
mod product;
mod project;
mod sale;

use crate::datum::Datum;
use crate::schema::{Field, Kind, Model};
use crate::{ExtraField, Options, Version, compute};

/// The models with messages and activities.
pub(crate) const CHATTER: &[&str] = &[
    "res.partner",
    "crm.lead",
    "sale.order",
    "project.project",
    "project.task",
    "product.product",
    "product.template",
    "account.move",
];

/// The models whose records have a picture.
const PICTURED: &[&str] = &["res.partner", "product.product", "product.template"];

/// Every model of a version, with the fields all models have.
pub(crate) fn all(options: &Options) -> Vec<Model> {
    let version = options.version;
    let mut models = [
        base::models(version),
        crm::models(version),
        product::models(options.stock),
        sale::models(version),
        project::models(),
        account::models(),
        chatter::models(),
        files::models(),
    ]
    .concat();
    for model in &mut models {
        if CHATTER.contains(&model.name) {
            model.fields.extend(chatter::fields());
        }
        if PICTURED.contains(&model.name) {
            model.fields.extend(files::pictures());
        }
        let mut fields = common();
        let named = model.fields.iter().any(|field| field.name == "display_name");
        fields.retain(|field| !(named && field.name == "display_name"));
        fields.append(&mut model.fields);
        fields.extend(
            options.extra_fields.iter().filter(|extra| extra.model == model.name).map(ExtraField::field),
        );
        model.fields = fields;
        depends::tell(model);
    }
    models
}

fn common() -> Vec<Field> {
    vec![
        integer("id", "ID").readonly(),
        char("display_name", "Display Name").computed(compute::display_name).fleeting(),
        datetime("create_date", "Created on").readonly(),
        datetime("write_date", "Last Updated on").readonly(),
        datetime("__last_update", "Last Modified on")
            .computed(compute::last_update)
            .fleeting()
            .until(Version::V16),
        Field { indexed: false, ..many2one("create_uid", "Created by", "res.users").readonly() },
        Field { indexed: false, ..many2one("write_uid", "Last Updated by", "res.users").readonly() },
    ]
}

fn char(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Char)
}

fn text(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Text)
}

fn html(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Html)
}

fn integer(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Integer)
}

fn float(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Float)
}

fn monetary(name: &'static str, label: &'static str) -> Field {
    Field { digits: Some(2), ..Field::new(name, label, Kind::Monetary) }
}

fn binary(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Binary)
}

/// The id of a record of the model that the field `of` names.
fn reference_id(name: &'static str, label: &'static str, of: &'static str) -> Field {
    Field::new(name, label, Kind::Many2oneReference(of)).indexed()
}

fn boolean(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Boolean)
}

fn date(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Date)
}

fn datetime(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Datetime)
}

fn selection(
    name: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> Field {
    Field::new(name, label, Kind::Selection(options))
}

fn many2one(name: &'static str, label: &'static str, model: &'static str) -> Field {
    Field::new(name, label, Kind::Many2one(model))
}

fn one2many(name: &'static str, label: &'static str, model: &'static str, inverse: &'static str) -> Field {
    Field::new(name, label, Kind::One2many(model, inverse))
}

fn many2many(name: &'static str, label: &'static str, model: &'static str) -> Field {
    Field::new(name, label, Kind::Many2many(model))
}

fn active() -> Field {
    boolean("active", "Active").default(Datum::Bool(true))
}

fn company() -> Field {
    many2one("company_id", "Company", "res.company").default(Datum::Int(1))
}

fn currency() -> Field {
    many2one("currency_id", "Currency", "res.currency").default(Datum::Int(1))
}

fn sequence() -> Field {
    integer("sequence", "Sequence").default(Datum::Int(10))
}
