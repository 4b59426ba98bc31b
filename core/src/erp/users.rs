//! Internal users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{Listing, contains};
use super::value::text;
use super::words::plain;
use super::{Erp, ErpError, NameFilter, Named, Page};
use crate::odoo::SearchRead;

pub(super) const READ: [&str; 3] = ["name", "login", "email"];

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
    pub async fn users(&self, filter: &NameFilter) -> Result<Page<User>, ErpError> {
        let mut domain = vec![json!(["share", "=", false]), json!(["active", "=", filter.active])];
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &["name", "login", "email"])));
        let listing = Listing {
            model: "res.users",
            domain,
            fields: &READ,
            order: Some("name, id"),
            limit: filter.limit,
            offset: filter.offset,
        };
        let page = listing.page(&self.records.odoo, |user| {
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
        for user in self.records.odoo.read("res.users", ids, &["name"]).await? {
            names.push(Named { id: user.id()?, name: text(&user, "name")?.unwrap_or_default() });
        }
        Ok(names)
    }

    /// The one user a name stands for: the only one it is all of, else the only one it is part of. Odoo
    /// compares without accents only where that is set up, so the names are compared here: those of internal
    /// users are few enough to be read at once.
    pub(super) async fn user_called(&self, name: &str, argument: &'static str) -> Result<i64, ErpError> {
        self.asks_by_text_or("res.users", argument)?;
        let query = SearchRead { fields: &["name"], order: Some("name, id"), ..SearchRead::default() };
        let wanted = plain(name);
        let (mut whole, mut part) = (Vec::new(), Vec::new());
        for user in self.records.odoo.search_read("res.users", json!([["share", "=", false]]), &query).await?
        {
            let user = Named { id: user.id()?, name: text(&user, "name")?.unwrap_or_default() };
            match plain(&user.name) {
                has if has == wanted => whole.push(user),
                has if has.contains(&wanted) => part.push(user),
                _ => {}
            }
        }
        let candidates = if whole.is_empty() { part } else { whole };
        match candidates.as_slice() {
            [] => Err(ErpError::NobodyCalled(name.to_owned())),
            [only] => Ok(only.id),
            _ => Err(ErpError::Ambiguous { name: name.to_owned(), candidates, argument }),
        }
    }
}
