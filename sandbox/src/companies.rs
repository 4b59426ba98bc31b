//! Several companies: which ones a call works in, and that related records belong together.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::env::Env;
use crate::error::{Error, Exception};
use crate::matching::display_name;
use crate::python;
use crate::schema::Model;

impl Env<'_> {
    /// The companies a user belongs to.
    pub fn companies_of(&self, uid: i64) -> Vec<i64> {
        let users = self.db.schema.get("res.users");
        users.map(|users| self.db.value(users, uid, "company_ids").ids()).unwrap_or_default()
    }

    /// The companies of the context, the current one first.
    fn chosen_companies(&self) -> Vec<i64> {
        self.context.0.get("allowed_company_ids").map(python::ids).unwrap_or_default()
    }

    /// The companies whose records this call sees.
    pub fn companies(&self) -> Vec<i64> {
        let chosen = self.chosen_companies();
        if chosen.is_empty() { self.companies_of(self.uid) } else { chosen }
    }

    /// The company of new records.
    pub fn company(&self) -> Option<i64> {
        let own = || {
            let users = self.db.schema.get("res.users")?;
            self.db.value(users, self.uid, "company_id").id()
        };
        self.chosen_companies().first().copied().or_else(own)
    }

    /// Refuses a context with companies that are not the user's.
    pub fn check_allowed_companies(&self) -> Result<(), Error> {
        let chosen = self.context.0.get("allowed_company_ids").filter(|chosen| python::truthy(chosen));
        if let Some(chosen) = chosen
            && !chosen.is_array()
        {
            let class = if chosen.is_string() { "str" } else { "int" };
            return Err(Error::new(Exception::Type, format!("'{class}' object is not iterable")));
        }
        let mine = self.companies_of(self.uid);
        if self.chosen_companies().iter().all(|company| mine.contains(company)) {
            return Ok(());
        }
        Err(Error::new(Exception::Access, "Access to unauthorized or invalid companies."))
    }

    /// Of whom the rules let a user see the records of a model: nobody's and those of the call's companies.
    pub fn company_rule(&self, model: &Model) -> Option<Value> {
        let path = model.company?;
        Some(json!(["|", [path, "in", self.companies()], [path, "=", false]]))
    }

    /// Refuses a record whose relations (those of `fields`, if told) belong to another company.
    pub fn check_company(&self, model: &Arc<Model>, id: i64, fields: Option<&[&str]>) -> Result<(), Error> {
        let Some(company) = self.db.value(model, id, "company_id").id().filter(|_| !self.sudo) else {
            return Ok(());
        };
        let all = fields.is_none_or(|fields| fields.contains(&"company_id"));
        let checked =
            model.of_company.iter().filter(|name| all || fields.is_some_and(|fields| fields.contains(name)));
        let mut lines = Vec::new();
        for field in checked.filter_map(|name| model.field(name)) {
            let other = self.model(field.kind.relation().unwrap_or_default())?;
            let Some(target) = self.db.value(model, id, &field.name).id() else { continue };
            let theirs = match other.name {
                "res.users" => self.companies_of(target),
                _ => self.db.value(&other, target, "company_id").ids(),
            };
            if theirs.is_empty() || theirs.contains(&company) {
                continue;
            }
            let companies = self.model("res.company")?;
            lines.push(format!(
                "- “{}” belongs to company “{}” and “{}” ({}: {}) belongs to another company.",
                display_name(self.db, model, id),
                display_name(self.db, &companies, company),
                field.label,
                field.name,
                python::repr(&json!(display_name(self.db, &other, target))),
            ));
        }
        if lines.is_empty() {
            return Ok(());
        }
        Err(Error::user(format!("Incompatible companies on records:\n{}", lines.join("\n"))))
    }
}
