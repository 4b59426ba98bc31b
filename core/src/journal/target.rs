//! Which Odoo quotations are made in.

use url::Url;

use crate::odoo::OdooConfig;
use crate::store::DEFAULT_TENANT;

/// Names the Odoo a quotation belongs to, so that no other one is given it after a change of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    place: Option<Place>,
    key_scope: String,
    tenant: String,
}

/// A server and its database, however they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    /// Unless it is the one of http or https.
    port: Option<u16>,
    path: String,
    database: String,
}

impl Target {
    /// A server, by address and database.
    pub fn server(odoo: &OdooConfig) -> Self {
        let name = format!("{} {}", odoo.url, odoo.database);
        Self { place: place(&name), name, key_scope: String::new(), tenant: DEFAULT_TENANT.to_owned() }
    }

    /// An embedded Odoo, whose data is gone when it stops: every start is another one, and keys start anew.
    pub fn embedded() -> Self {
        let name = format!("embedded {}", uuid::Uuid::new_v4());
        Self { key_scope: name.clone(), place: None, name, tenant: DEFAULT_TENANT.to_owned() }
    }

    /// The same Odoo for a tenant of its own: its keys are not those of another tenant, even in one Odoo.
    #[must_use]
    pub fn of_tenant(mut self, id: &str) -> Self {
        self.key_scope = format!("tenant {id}");
        id.clone_into(&mut self.tenant);
        self
    }

    /// For whom.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// As it stands in the log files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is its name, too: http and https of one host lead to one Odoo, and a slash more or less does.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.name || self.place.as_ref().is_some_and(|own| place(name).as_ref() == Some(own))
    }

    /// Whether another address may lead to it.
    pub fn may_have_other_names(&self) -> bool {
        self.place.is_some()
    }

    /// What keeps the keys of this Odoo apart from those of another.
    pub fn key_scope(&self) -> &str {
        &self.key_scope
    }
}

fn place(name: &str) -> Option<Place> {
    let (url, database) = name.split_once(' ')?;
    let url = Url::parse(url).ok()?;
    Some(Place {
        host: url.host_str()?.trim_end_matches('.').to_owned(),
        port: url.port().filter(|port| ![80, 443].contains(port)),
        path: url.path().trim_end_matches('/').to_owned(),
        database: database.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::odoo::ProtocolChoice;

    fn target(url: &str) -> Target {
        Target::server(&OdooConfig {
            url: url.parse().unwrap(),
            database: "acme".to_owned(),
            login: "bot".to_owned(),
            secret: "key".into(),
            secret_is_api_key: true,
            protocol: ProtocolChoice::Auto,
            timeout: Duration::from_secs(1),
            max_concurrency: 1,
        })
    }

    #[test]
    fn one_odoo_has_many_spellings() {
        let target = target("https://Odoo.acme.mx:443//");
        for same in [
            "https://odoo.acme.mx/ acme",
            "http://odoo.acme.mx acme",
            "HTTPS://ODOO.ACME.MX./ acme",
            "http://odoo.acme.mx:80/ acme",
            "http://odoo.acme.mx:443 acme",
        ] {
            assert!(target.is_named(same), "{same}");
        }
        assert!(target.is_named(target.name()));
        for other in [
            "https://odoo.acme.mx/ beta",
            "https://odoo.acme.mx:8069/ acme",
            "https://odoo.acme.mx/erp acme",
            "https://acme.mx/ acme",
            "embedded 1",
            "",
            "acme",
        ] {
            assert!(!target.is_named(other), "{other}");
        }
        assert!(!Target::embedded().is_named(Target::embedded().name()));
    }
}
