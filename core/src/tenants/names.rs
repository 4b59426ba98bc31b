//! Which tenants have names, as the access file has it now.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use super::file::EntryError;
use super::setup::{Common, Setup};
use crate::access::TenantEntry;
use crate::http::is_loopback;

/// The setups by their names.
pub type Setups = BTreeMap<String, Arc<Setup>>;

/// Reads the environment.
type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The tenants that have names.
pub struct Names {
    common: Arc<Common>,
    /// Sends for all of them: a connection belongs to a server, and no call waits for another one's.
    client: reqwest::Client,
    variables: Variables,
    known: RwLock<Setups>,
    replaced: Notify,
}

impl Names {
    /// None yet. `variables` reads the environment, which has their secrets.
    pub fn new(
        common: Arc<Common>,
        client: reqwest::Client,
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            common,
            client,
            variables: Box::new(variables),
            known: RwLock::default(),
            replaced: Notify::new(),
        }
    }

    /// What these entries configure.
    ///
    /// # Errors
    /// What is wrong with the first bad one.
    pub fn read(&self, entries: &BTreeMap<String, TenantEntry>) -> Result<Setups, EntryError> {
        let setup = |(id, entry): (&String, &TenantEntry)| {
            let mut setup = entry.setup(id, &self.common, &self.variables)?;
            // Proxies of the system are for servers elsewhere.
            setup.client = Some(self.client.clone()).filter(|_| !is_loopback(&setup.odoo.url));
            Ok((id.clone(), Arc::new(setup)))
        };
        entries.iter().map(setup).collect()
    }

    /// From now on these have names. One that is in memory with another configuration is opened anew when it is next asked
    /// for; one that has no name any more is put away when it idles.
    pub fn replace(&self, setups: Setups) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = setups;
        self.replaced.notify_one();
    }

    /// Waits until others have names, or the same with another configuration. For one who asks.
    pub(super) async fn replaced(&self) {
        self.replaced.notified().await;
    }

    /// The tenant with this name.
    pub fn get(&self, name: &str) -> Option<Arc<Setup>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Setup>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// What all tenants have in common.
    pub fn common(&self) -> &Arc<Common> {
        &self.common
    }
}
