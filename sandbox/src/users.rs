//! Who may call: logins, passwords and the API key.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::env::{Env, Operation};
use crate::error::{Error, Exception};
use crate::language::Language;
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
        let groups = users.first().map(|uid| self.groups_of(*uid)).unwrap_or_default();
        Ok(json!(group.is_some_and(|group| groups.contains(&group))))
    }

    /// Whether the caller may do this with all of these records, or with the model at all.
    pub fn has_access(&self, model: &Arc<Model>, ids: &[i64], operation: &Value) -> Result<Value, Error> {
        let operation = Operation::named(operation.as_str().unwrap_or_default())
            .ok_or_else(|| Error::value(format!("Invalid access mode {}", python::repr(operation))))?;
        let allowed =
            self.check_rights(model, operation).and_then(|()| self.check_rule(model, ids, operation));
        Ok(json!(allowed.is_ok()))
    }
}

/// Refuses any database but the one there is.
pub(crate) fn check_database(language: Language, name: &Value) -> Result<(), Error> {
    let name = name.as_str().unwrap_or_default();
    if name == DATABASE {
        return Ok(());
    }
    Err(Error::new(Exception::Operational, language.unknown_database(name)))
}
