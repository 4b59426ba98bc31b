//! What may be done with the records of which model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

/// What is done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is read.
    Read,
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// A method of it is called.
    Call,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Call => "call",
        })
    }
}

/// What may be done with the records of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// They may be read.
    pub read: bool,
    /// They may be created.
    pub create: bool,
    /// They may be changed.
    pub update: bool,
    /// They may be deleted.
    pub delete: bool,
    /// Their methods may be called.
    pub call: bool,
    /// Fields that nobody sees or asks by.
    pub hide: BTreeSet<String>,
}

/// A set of rules that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Quotations and orders with their lines, opportunities and customers; products and prices are read.
    Sales,
    /// Opportunities, activities and customers.
    Crm,
    /// Projects, tasks and timesheets.
    Projects,
    /// Everything may be read, and nothing else.
    ReadAll,
}

/// The rules of the access file. Without any, every model is open that does not open the whole system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Models {
    preset: Option<Preset>,
    #[serde(flatten)]
    rules: BTreeMap<String, Rule>,
    /// There was no such table in the file.
    #[serde(skip)]
    is_open: bool,
}

/// Why something may not be done with a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// With it the whole system is open.
    #[error(
        "{0} is closed: who may {1} it has the whole Odoo. The access file opens it only by its name, under [models]"
    )]
    System(String, Verb),
    /// No rule allows it.
    #[error("the access file does not let anybody {1} {0}: see [models]")]
    NoRule(String, Verb),
}

/// What stands for a record where it is named: hidden together.
pub const NAMES: [&str; 3] = ["name", "display_name", "complete_name"];
/// Changed by who sells.
const SALES: [&str; 5] = ["sale.order", "sale.order.line", "crm.lead", "res.partner", "mail.activity"];
/// Read by who sells.
const SALES_READ: [&str; 15] = [
    "product.product",
    "product.template",
    "product.category",
    "product.pricelist",
    "product.pricelist.item",
    "uom.uom",
    "account.tax",
    "account.payment.term",
    "res.currency",
    "res.country",
    "res.country.state",
    "res.users",
    "crm.team",
    "sale.order.template",
    "mail.activity.type",
];
const CRM: [&str; 3] = ["crm.lead", "res.partner", "mail.activity"];
const CRM_READ: [&str; 8] = [
    "crm.stage",
    "crm.team",
    "crm.tag",
    "crm.lost.reason",
    "res.users",
    "res.country",
    "res.country.state",
    "mail.activity.type",
];
const PROJECTS: [&str; 4] = ["project.project", "project.task", "account.analytic.line", "mail.activity"];
const PROJECTS_READ: [&str; 7] = [
    "project.task.type",
    "project.tags",
    "project.milestone",
    "res.partner",
    "res.users",
    "hr.employee.public",
    "mail.activity.type",
];

impl Preset {
    fn allows(self, model: &str, verb: Verb) -> bool {
        let (changed, read): (&[&str], &[&str]) = match self {
            Self::Sales => (&SALES, &SALES_READ),
            Self::Crm => (&CRM, &CRM_READ),
            Self::Projects => (&PROJECTS, &PROJECTS_READ),
            Self::ReadAll => return verb == Verb::Read,
        };
        match verb {
            Verb::Read => changed.contains(&model) || read.contains(&model),
            Verb::Create | Verb::Update | Verb::Call => changed.contains(&model),
            // Odoo's people archive; who really means to delete says so by name.
            Verb::Delete => false,
        }
    }
}

impl Rule {
    fn allows(&self, verb: Verb) -> bool {
        match verb {
            Verb::Read => self.read,
            Verb::Create => self.create,
            Verb::Update => self.update,
            Verb::Delete => self.delete,
            Verb::Call => self.call,
        }
    }
}

impl Models {
    /// Without rules.
    pub fn open() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    /// Whether this may be done with records of this model.
    ///
    /// # Errors
    /// Why not.
    pub fn allow(&self, model: &str, verb: Verb) -> Result<(), Closed> {
        if let Some(rule) = self.rules.get(model) {
            return if rule.allows(verb) { Ok(()) } else { Err(Closed::NoRule(model.to_owned(), verb)) };
        }
        if opens_everything(model, verb) {
            return Err(Closed::System(model.to_owned(), verb));
        }
        if self.is_open || self.preset.is_some_and(|preset| preset.allows(model, verb)) {
            return Ok(());
        }
        Err(Closed::NoRule(model.to_owned(), verb))
    }

    /// Whether what its records are called may be told: what they are called by is not hidden.
    pub fn names_are_open(&self, model: &str) -> bool {
        self.allow(model, Verb::Read).is_ok()
            && !self.hidden(model).is_some_and(|hidden| NAMES.iter().any(|name| hidden.contains(*name)))
    }

    /// Whether its records may be meant by text: Odoo looks for that also in fields beside the name, which nobody may ask
    /// by where some are hidden.
    pub fn is_asked_by_text(&self, model: &str) -> bool {
        self.allow(model, Verb::Read).is_ok() && self.hidden(model).is_none_or(BTreeSet::is_empty)
    }

    /// Whether fields of any model are hidden.
    pub fn hides(&self) -> bool {
        self.hiding().next().is_some()
    }

    /// Models of which fields are hidden.
    pub fn hiding(&self) -> impl Iterator<Item = &String> {
        self.rules.iter().filter(|(_, rule)| !rule.hide.is_empty()).map(|(model, _)| model)
    }

    /// Fields of this model that nobody sees or asks by.
    pub fn hidden(&self, model: &str) -> Option<&BTreeSet<String>> {
        self.rules.get(model).map(|rule| &rule.hide)
    }

    /// Whether there is anything that is not seen, beside what opens the whole system.
    pub fn restrict(&self) -> bool {
        !self.is_open || self.rules.values().any(|rule| !rule.read || !rule.hide.is_empty())
    }

    /// In plain words, a line each.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.is_open {
            lines.push(
                "every model but those that open the whole system, as far as callers are permitted"
                    .to_owned(),
            );
        }
        if let Some(preset) = self.preset {
            lines.push(format!("the preset {}", format!("{preset:?}").to_lowercase()));
        }
        for (model, rule) in &self.rules {
            let verbs = [Verb::Read, Verb::Create, Verb::Update, Verb::Delete, Verb::Call];
            let may: Vec<_> =
                verbs.into_iter().filter(|verb| rule.allows(*verb)).map(|verb| verb.to_string()).collect();
            let may = if may.is_empty() { "nothing".to_owned() } else { may.join(", ") };
            let hidden: Vec<_> = rule.hide.iter().map(String::as_str).collect();
            let hides =
                if hidden.is_empty() { String::new() } else { format!(", without {}", hidden.join(", ")) };
            lines.push(format!("{model}: {may}{hides}"));
        }
        lines
    }
}

/// Whether who may do this has the whole Odoo, or its secrets.
fn opens_everything(model: &str, verb: Verb) -> bool {
    const NAMES: [&str; 3] = ["ir.model", "ir.model.fields", "ir.model.data"];
    const WRITING: [&str; 7] = [
        "res.users",
        "res.groups",
        "res.groups.privilege",
        "res.company",
        "res.config.settings",
        "mail.template",
        "mail.alias",
    ];
    const CLOSED: [&str; 8] = [
        "fetchmail.server",
        "change.password.wizard",
        "change.password.own",
        "change.password.user",
        "iap.account",
        "mail.mail",
        "mail.guest",
        "bus.bus",
    ];
    const FAMILIES: [&str; 8] =
        ["ir.", "base.", "base_import.", "payment.", "auth.", "auth_totp.", "res.users.", "certificate."];
    if NAMES.contains(&model) {
        return verb != Verb::Read;
    }
    // A method of a closed model may write it.
    WRITING.contains(&model) && verb != Verb::Read
        || CLOSED.contains(&model)
        || FAMILIES.iter().any(|family| model.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(text: &str) -> Models {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_opens_the_whole_system_is_closed_unless_it_is_named() {
        for models in [Models::open(), models("preset = 'read-all'")] {
            for model in [
                "ir.config_parameter",
                "ir.mail_server",
                "ir.actions.server",
                "ir.rule",
                "res.users.apikeys",
                "res.users.apikeys.description",
                "payment.provider",
                "base.module.upgrade",
                "auth_totp.device",
            ] {
                let closed = models.allow(model, Verb::Read).unwrap_err();
                assert!(matches!(closed, Closed::System(..)), "{model}: {closed}");
            }
            for model in ["res.users", "res.groups", "ir.model", "ir.model.fields", "sale.order"] {
                assert_eq!(models.allow(model, Verb::Read), Ok(()), "{model}");
            }
            for verb in [Verb::Create, Verb::Update, Verb::Delete, Verb::Call] {
                assert!(models.allow("res.users", verb).is_err(), "{verb}");
                assert!(models.allow("ir.model", verb).is_err(), "{verb}");
            }
        }
        assert_eq!(Models::open().allow("sale.order", Verb::Delete), Ok(()));
        let named = models("'ir.config_parameter' = { read = true }");
        assert_eq!(named.allow("ir.config_parameter", Verb::Read), Ok(()));
        assert!(named.allow("ir.config_parameter", Verb::Update).is_err());
        assert!(named.allow("sale.order", Verb::Read).is_err(), "only what is named");
    }

    #[test]
    fn a_name_goes_before_a_preset() {
        let models =
            models("preset = 'sales'\n'res.partner' = { read = true, hide = ['vat'] }\n'sale.order' = {}");
        assert_eq!(models.allow("sale.order.line", Verb::Update), Ok(()));
        assert_eq!(models.allow("product.product", Verb::Read), Ok(()));
        for (model, verb) in [
            ("product.product", Verb::Update),
            ("res.partner", Verb::Update),
            ("sale.order", Verb::Read),
            ("sale.order.line", Verb::Delete),
            ("account.move", Verb::Read),
        ] {
            assert!(models.allow(model, verb).is_err(), "{verb} {model}");
        }
        assert!(models.hidden("res.partner").unwrap().contains("vat"));
        assert_eq!(
            models.in_words(),
            ["the preset sales", "res.partner: read, without vat", "sale.order: nothing"]
        );
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["preset = 'all'", "'res.partner' = { reed = true }", "'res.partner' = true"] {
            assert!(toml::from_str::<Models>(text).is_err(), "{text}");
        }
    }
}
