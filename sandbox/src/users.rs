//! Who may call: logins, passwords and the API key.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Version;
use crate::env::{Env, Operation};
use crate::error::{Error, Exception};
use crate::language::Language;
use crate::methods::Bound;
use crate::python;
use crate::schema::Model;
use crate::store::{Database, Key};
use crate::{API_KEY, DATABASE, DEMO_API_KEY};

impl Database {
    /// The user with this login and password (or API key).
    pub fn authenticate(&self, login: &str, password: &str) -> Option<i64> {
        let users = self.schema.get("res.users")?;
        let found = self.indexed(users, users.slot("login")?, Key::Text(login.into()))?;
        found.iter().copied().find(|uid| self.knows(*uid, password))
    }

    /// The user with this login and password: a session is not to be had by API key.
    pub fn log_in(&self, login: &str, password: &str) -> Option<i64> {
        self.authenticate(login, password).filter(|_| self.of_key(password).is_none())
    }

    /// Whether the password, or the API key, is this user's.
    pub fn knows(&self, uid: i64, password: &str) -> bool {
        let Some(users) = self.schema.get("res.users") else { return false };
        let own = self.value(users, uid, "password");
        let is_own = !password.is_empty() && own.as_str() == Some(password);
        self.value(users, uid, "active").is_true() && (is_own || self.of_key(password) == Some(uid))
    }

    /// The user an API key belongs to.
    pub fn of_key(&self, key: &str) -> Option<i64> {
        let (_, login) =
            [(API_KEY, "admin"), (DEMO_API_KEY, "demo")].into_iter().find(|(own, _)| *own == key)?;
        let users = self.schema.get("res.users")?;
        self.indexed(users, users.slot("login")?, Key::Text(login.into()))?.first().copied()
    }
}

impl Env<'_> {
    /// Whether a user is in the group with this external id.
    pub fn has_group(&self, users: &[i64], group: &Value) -> Result<Value, Error> {
        let group = self.reference(group.as_str().unwrap_or_default()).map(|found| found.id);
        let user = if self.version() == Version::V16 { Some(&self.uid) } else { users.first() };
        let groups = user.map(|uid| self.groups_of(*uid)).unwrap_or_default();
        Ok(json!(group.is_some_and(|group| groups.contains(&group))))
    }

    /// `check_access_rule`: refuses what a rule keeps from the caller.
    pub fn check_access_rule(
        &self,
        model: &Arc<Model>,
        ids: &[i64],
        operation: &Value,
    ) -> Result<Value, Error> {
        self.check_rule(model, ids, self::operation(operation)?).map(|()| Value::Null)
    }

    /// Whether the caller may do this with all of these records, or with the model at all.
    pub fn has_access(&self, model: &Arc<Model>, ids: &[i64], operation: &Value) -> Result<Value, Error> {
        let operation = self::operation(operation)?;
        let allowed =
            self.check_rights(model, operation).and_then(|()| self.check_rule(model, ids, operation));
        Ok(json!(allowed.is_ok()))
    }
}

impl Env<'_> {
    /// `check_access_rights`: may the caller do this with the model at all?
    pub fn check_access_rights(&self, model: &Model, bound: &Bound) -> Result<Value, Error> {
        let operation = operation(bound.get("operation"))?;
        match self.check_rights(model, operation) {
            Err(error) if bound.arguments.get("raise_exception").is_none_or(python::truthy) => Err(error),
            allowed => Ok(json!(allowed.is_ok())),
        }
    }

    /// `get_available_models`: what the caller may read, by name.
    pub fn available_models(&self) -> Value {
        let models = self.db.schema.models().into_iter();
        let mut readable: Vec<_> = models.filter(|model| self.may_read(model).is_ok()).collect();
        readable.sort_by_key(|model| model.title);
        readable.into_iter().map(|model| json!({"display_name": model.title, "model": model.name})).collect()
    }

    /// `display_name_for`: an unreadable model goes by its technical name.
    pub fn display_name_for(&self, models: &[String]) -> Value {
        let titled = |name: &String| {
            let model = self.db.schema.get(name).filter(|model| self.may_read(model).is_ok());
            let title = model.map_or(name.as_str(), |model| model.title);
            json!({"display_name": title, "model": name})
        };
        models.iter().map(titled).collect()
    }
}

fn operation(name: &Value) -> Result<Operation, Error> {
    Operation::named(name.as_str().unwrap_or_default())
        .ok_or_else(|| Error::value(format!("Invalid access mode {}", python::repr(name))))
}

/// Refuses any database but the one there is.
pub(crate) fn check_database(language: Language, name: &Value) -> Result<(), Error> {
    let name = name.as_str().unwrap_or_default();
    if name == DATABASE {
        return Ok(());
    }
    Err(Error::new(Exception::Operational, language.unknown_database(name)))
}
