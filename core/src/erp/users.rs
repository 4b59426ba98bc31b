//! Internal users.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{Listing, contains};
use super::value::text;
use super::{Erp, ErpError, Named, Page, default_limit, yes};
use crate::input::trimmed_or_absent;
use crate::odoo::SearchRead;

/// More people of one name than anybody reads through.
const CANDIDATES: u64 = 20;

/// Which users to list.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct UserFilter {
    /// Part of the name, login or e-mail
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub q: Option<String>,
    /// false: archived ones
    #[serde(default = "yes")]
    #[garde(skip)]
    pub active: bool,
    /// At most 500
    #[serde(default = "default_limit")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Id
    pub id: i64,
    /// Name
    pub name: String,
    /// Login
    pub login: Option<String>,
    /// E-mail
    pub email: Option<String>,
}

impl Erp {
    /// Internal users; customers with a portal login are left out.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn users(&self, filter: &UserFilter) -> Result<Page<User>, ErpError> {
        let mut domain = vec![json!(["share", "=", false]), json!(["active", "=", filter.active])];
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &["name", "login", "email"])));
        let listing = Listing {
            model: "res.users",
            domain,
            fields: &["name", "login", "email"],
            order: Some("name, id"),
            limit: filter.limit,
        };
        let page = listing.page(&self.odoo, |user| {
            Ok(User {
                id: user.id()?,
                name: text(user, "name")?.unwrap_or_default(),
                login: text(user, "login")?,
                email: text(user, "email")?,
            })
        });
        Ok(page.await?)
    }

    /// The names of users.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn user_names(&self, ids: &[i64]) -> Result<Vec<Named>, ErpError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut names = Vec::with_capacity(ids.len());
        for user in self.odoo.read("res.users", ids, &["name"]).await? {
            names.push(Named { id: user.id()?, name: text(&user, "name")?.unwrap_or_default() });
        }
        Ok(names)
    }

    /// The one user a name stands for: the only one it is part of, or the only one it is all of.
    pub(super) async fn user_called(&self, name: &str) -> Result<i64, ErpError> {
        let query = SearchRead {
            fields: &["name"],
            limit: Some(CANDIDATES),
            order: Some("name, id"),
            ..SearchRead::default()
        };
        let domain = json!([["share", "=", false], ["name", "ilike", name]]);
        let mut candidates = Vec::new();
        for user in self.odoo.search_read("res.users", domain, &query).await? {
            candidates.push(Named { id: user.id()?, name: text(&user, "name")?.unwrap_or_default() });
        }
        let exact = |user: &&Named| user.name.to_lowercase() == name.to_lowercase();
        let exactly: Vec<&Named> = candidates.iter().filter(exact).collect();
        match (candidates.as_slice(), exactly.as_slice()) {
            ([], _) => Err(ErpError::NobodyCalled(name.to_owned())),
            ([only], _) => Ok(only.id),
            (_, [only]) => Ok(only.id),
            _ => Err(ErpError::Ambiguous { name: name.to_owned(), candidates }),
        }
    }
}
