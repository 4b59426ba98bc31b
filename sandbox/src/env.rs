//! The environment of one call: the records, the user and the context.

use std::sync::Arc;

use chrono::Utc;
use serde_json::{Map, Value, json};

use crate::Version;
use crate::domain::Expr;
use crate::error::{Error, Exception};
use crate::language::Language;
use crate::python;
use crate::schema::{Kind, Model, Rights};
use crate::store::Database;

/// The user who may do everything and owns what the system makes.
pub(crate) const ADMIN: i64 = 2;

/// The group whose members may do everything.
pub(crate) const GROUP_ADMIN: i64 = 1;

/// The group whose members see the documents of all salespeople.
pub(crate) const GROUP_ALL_DOCUMENTS: i64 = 3;

/// What a default in the context begins with: `default_<field>`.
pub(crate) const DEFAULT: &str = "default_";

/// The `context` of a call.
#[derive(Clone, Default)]
pub(crate) struct Context(pub Map<String, Value>);

impl Context {
    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.0.get(key).map_or(default, python::truthy)
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// The defaults of the record that is created next, out of the context.
    pub fn take_defaults(&mut self) -> Map<String, Value> {
        let (defaults, rest) =
            std::mem::take(&mut self.0).into_iter().partition(|(key, _)| key.starts_with(DEFAULT));
        self.0 = rest;
        defaults
    }

    /// Whether archived records are hidden.
    pub fn active_test(&self) -> bool {
        self.flag("active_test", true)
    }
}

/// What a call works with.
pub(crate) struct Env<'a> {
    pub db: &'a mut Database,
    pub uid: i64,
    /// No access rule applies.
    pub sudo: bool,
    pub context: Context,
}

impl<'a> Env<'a> {
    /// What the system itself does.
    pub fn of_system(db: &'a mut Database) -> Self {
        Self { db, uid: ADMIN, sudo: true, context: Context::default() }
    }
}

impl Env<'_> {
    pub fn version(&self) -> Version {
        self.db.schema.version
    }

    /// A model of the schema.
    pub fn model(&self, name: &str) -> Result<Arc<Model>, Error> {
        self.db.schema.get(name).cloned().ok_or_else(|| Error::user(format!("Object {name} doesn't exist")))
    }

    /// Does something with no access rule applied.
    pub fn as_system<T>(&mut self, action: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.sudo, true);
        let answer = action(self);
        self.sudo = before;
        answer
    }

    /// The time zone of the context, else the user's own.
    pub fn time_zone(&self) -> String {
        let users = self.db.schema.get("res.users");
        let own = || users.and_then(|users| Some(self.db.value(users, self.uid, "tz").as_str()?.to_owned()));
        self.context.text("tz").map(str::to_owned).or_else(own).unwrap_or_else(|| "UTC".to_owned())
    }

    /// The groups a user is in.
    pub fn groups_of(&self, uid: i64) -> Vec<i64> {
        let field = match self.version() {
            Version::V16 | Version::V18 => "groups_id",
            Version::V19 => "group_ids",
        };
        let users = self.db.schema.get("res.users");
        users.map(|users| self.db.value(users, uid, field).ids()).unwrap_or_default()
    }

    /// Whether the user is in a group; administrators and the system are in all.
    pub fn in_group(&self, group: i64) -> bool {
        let groups = self.groups_of(self.uid);
        self.sudo || groups.contains(&GROUP_ADMIN) || groups.contains(&group)
    }

    /// Refuses what the user's groups do not allow on the model as a whole.
    pub fn check_rights(&self, model: &Model, operation: Operation) -> Result<(), Error> {
        let allowed = match model.rights {
            Rights::All => !self.is_portal() || operation == Operation::Read,
            Rights::Read => operation == Operation::Read,
            Rights::Nothing => false,
        };
        if allowed || self.in_group(GROUP_ADMIN) {
            return Ok(());
        }
        let group = match self.version() {
            Version::V16 | Version::V18 => "Administration/Access Rights",
            Version::V19 => "Access Rights",
        };
        Err(Error::new(
            Exception::Access,
            format!(
                "You are not allowed to {} '{}' ({}) records.\n\nThis operation is allowed for the following \
                 groups:\n\t- {group}\n\nContact your administrator to request access if necessary.",
                operation.verb(),
                model.title,
                model.name
            ),
        ))
    }

    /// Whether the caller is a customer with a log-in.
    fn is_portal(&self) -> bool {
        let users = self.db.schema.get("res.users");
        !self.sudo && users.is_some_and(|users| self.db.value(users, self.uid, "share").is_true())
    }

    /// Chooses the language of the call: the context's, else the user's own.
    pub fn choose_language(&mut self) -> Result<(), Error> {
        self.db.language = Language::English;
        let users = self.model("res.users")?;
        let own = self.db.value(&users, self.uid, "lang").as_str().and_then(Language::of_code);
        let asked = self.context.text("lang").filter(|code| !code.is_empty());
        self.db.language = match asked {
            None => own.unwrap_or_default(),
            Some(code) => match Language::of_code(code) {
                Some(language) => language,
                None if self.db.schema.version == Version::V16 => own.unwrap_or_default(),
                None => return Err(Error::user(format!("Invalid language code: {code}"))),
            },
        };
        Ok(())
    }

    /// Refuses to read a model.
    pub fn may_read(&self, model: &Model) -> Result<(), Error> {
        self.check_rights(model, Operation::Read)
    }

    /// The domain the user is held to: a salesperson with "own documents only" to those, all to their companies.
    pub fn rule(&self, model: &Arc<Model>) -> Result<Option<Expr>, Error> {
        if self.sudo {
            return Ok(None);
        }
        let owner = model.owner.filter(|_| !self.in_group(GROUP_ALL_DOCUMENTS));
        let own = owner.map(|path| json!(["|", [path, "=", self.uid], [path, "=", false]]));
        let rules = own.into_iter().chain(self.company_rule(model));
        let rules: Vec<Expr> =
            rules.map(|rule| Expr::parse(self.db, model, &rule)).collect::<Result<_, _>>()?;
        Ok(Some(rules).filter(|rules| !rules.is_empty()).map(Expr::All))
    }

    /// Refuses what a rule keeps from the user among records that exist.
    pub fn check_rule(&self, model: &Arc<Model>, ids: &[i64], operation: Operation) -> Result<(), Error> {
        let rule = self.rule(model)?;
        let allowed =
            |id: i64| rule.as_ref().is_none_or(|rule| rule.matches(self.db, id)) && self.reaches(model, id);
        if ids.iter().all(|id| !self.db.exists(model.name, *id) || allowed(*id)) {
            return Ok(());
        }
        if self.version() == Version::V16 {
            return Err(Error::new(
                Exception::Access,
                format!(
                    "Due to security restrictions, you are not allowed to {} '{}' ({}) records.\n\nContact your \
                     administrator to request access if necessary.",
                    operation.verb(),
                    model.title,
                    model.name
                ),
            ));
        }
        let users = self.model("res.users")?;
        Err(Error::new(
            Exception::Access,
            format!(
                "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {} (id={}) doesn't \
                 have '{}' access to:\n- {} ({})\n\nIf you really, really need access, perhaps you can win over \
                 your friendly administrator with a batch of freshly baked cookies.",
                crate::matching::display_name(self.db, &users, self.uid),
                self.uid,
                operation.name(),
                model.title,
                model.name
            ),
        ))
    }

    /// Whether the user may read what a message, an activity or a file hangs on.
    pub fn reaches(&self, model: &Model, id: i64) -> bool {
        let Some(field) = model.hangs_on.and_then(|name| model.field(name)).filter(|_| !self.sudo) else {
            return true;
        };
        let Kind::Many2oneReference(of) = field.kind else { return true };
        let mine = self.db.value(model, id, "create_uid").id() == Some(self.uid);
        let name = self.db.value(model, id, of);
        let (Some(other), Some(target)) = (
            name.as_str().and_then(|name| self.db.schema.get(name)),
            self.db.value(model, id, &field.name).id(),
        ) else {
            return mine || self.in_group(GROUP_ADMIN);
        };
        self.check_rights(other, Operation::Read).is_ok()
            && self.check_rule(other, &[target], Operation::Read).is_ok()
    }

    /// Refuses ids of records that are not there.
    pub fn check_exist(&self, model: &Model, ids: &[i64]) -> Result<(), Error> {
        match ids.iter().find(|id| !self.db.exists(model.name, **id)) {
            Some(id) => Err(Error::missing_record(model.name, *id, self.uid)),
            None => Ok(()),
        }
    }
}

/// What a user wants to do with records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operation {
    Read,
    Create,
    Write,
    Unlink,
}

impl Operation {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Read, Self::Create, Self::Write, Self::Unlink]
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Read => "access",
            Self::Create => "create",
            Self::Write => "modify",
            Self::Unlink => "delete",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Write => "write",
            Self::Unlink => "unlink",
        }
    }
}

/// The time now, as Odoo stores it.
pub(crate) fn now() -> String {
    Utc::now().format("%Y-%m-%d %H:%M:%S").to_string()
}
