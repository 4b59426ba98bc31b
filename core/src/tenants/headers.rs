//! Tenants by headers: callers bring their own Odoo and its credentials, which no disk, log or error ever gets to see.
//!
//! Such a tenant is one user of one database, as Odoo itself says after a log-in. So a new key of that user is the same tenant,
//! and who only names it, or has a wrong key, sees nothing of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex as State, MutexGuard as StateGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Map;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use super::TenantError;
use super::guard::{Guard, Lookup};
use super::hosts::TenantHosts;
use super::setup::{Common, Setup};
use crate::journal::Target;
use crate::key::digest;
use crate::keyed::Keyed;
use crate::messages::{MessageConfig, PhoneConfig};
use crate::odoo::{Odoo, OdooConfig, OdooConfigError, OdooError};
use crate::quotation::salespeople::SalesConfig;
use crate::twilio::TwilioSetup;

/// The address of the Odoo.
pub const URL: &str = "X-Odoo-URL";
/// An API key of the user.
pub const API_KEY: &str = "X-Odoo-API-Key";
/// The name of the database, where the host does not say it.
pub const DB: &str = "X-Odoo-DB";
/// The user's login, which Odoo 19 and later does not ask for.
pub const LOGIN: &str = "X-Odoo-Login";

/// What the folders and ids of these tenants begin with; no name of the access file does.
const PREFIX: &str = "_";
/// How long Odoo's word for credentials counts.
const FRESH: Duration = Duration::from_secs(300);
/// How long it counts while Odoo does not answer.
const STALE: Duration = Duration::from_secs(3600);
/// Credentials that are remembered, at most.
const REMEMBERED: usize = 10_000;
/// Log-ins that are tried at one server at once, at most.
const AT_ONCE: usize = 8;

/// What a caller brings.
#[derive(Clone)]
pub struct HeaderTenant {
    url: Url,
    database: String,
    login: String,
    key: SecretString,
}

/// The values of the headers.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// [`URL`]
    pub url: Option<&'a str>,
    /// [`API_KEY`]
    pub key: Option<&'a str>,
    /// [`DB`]
    pub database: Option<&'a str>,
    /// [`LOGIN`]
    pub login: Option<&'a str>,
}

/// `TENANT_HEADERS=allow`: callers may bring their own Odoo.
#[derive(Clone)]
pub struct HeaderConfig {
    /// `TENANT_HOSTS`
    pub hosts: TenantHosts,
    /// Asks DNS.
    pub lookup: Lookup,
}

impl fmt::Debug for HeaderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderConfig").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// Where callers with their own Odoo come in; a cheap handle.
#[derive(Clone)]
pub struct HeaderDoor {
    inner: Arc<Inner>,
}

struct Inner {
    hosts: TenantHosts,
    is_only_one: bool,
    client: Client,
    /// By a hash that only this process can make.
    remembered: State<HashMap<[u8; 32], Remembered>>,
    salt: [u8; 16],
    /// Log-ins, by server.
    trying: Keyed,
}

/// Of some credentials.
#[derive(Default)]
struct Remembered {
    known: Option<Known>,
    /// Whoever brings them while they are tried waits for the same answer.
    trying: Option<Trying>,
}

type Trying = WeakShared<BoxFuture<'static, Result<i64, TenantError>>>;

/// Credentials that Odoo has accepted.
#[derive(Clone, Copy)]
struct Known {
    uid: i64,
    at: Instant,
}

impl Remembered {
    fn is_being_tried(&self) -> bool {
        self.trying.as_ref().and_then(WeakShared::upgrade).is_some_and(|trying| trying.peek().is_none())
    }

    /// Whom Odoo accepted not longer ago than this.
    fn within(&self, time: Duration) -> Option<i64> {
        self.known.filter(|known| known.at.elapsed() < time).map(|known| known.uid)
    }
}

/// It may name a person.
impl fmt::Debug for HeaderTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderTenant").finish_non_exhaustive()
    }
}

impl HeaderDoor {
    /// To these hosts. `is_only_one`: there is no other Odoo.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(
        HeaderConfig { hosts, lookup }: HeaderConfig,
        timeout: Duration,
        is_only_one: bool,
    ) -> Result<Self, OdooConfigError> {
        let client = Guard::new(hosts.clone(), lookup).client(timeout);
        let client = client.map_err(|error| OdooConfigError::Http(crate::http::deepest(&error)))?;
        let salt = uuid::Uuid::new_v4().into_bytes();
        let (remembered, trying) = (State::default(), Keyed::new(AT_ONCE));
        Ok(Self { inner: Arc::new(Inner { hosts, is_only_one, client, remembered, salt, trying }) })
    }

    /// What a caller brings, if it is whole and may be called.
    ///
    /// # Errors
    /// What is missing, or may not be.
    pub fn read(&self, given: Given<'_>) -> Result<HeaderTenant, TenantError> {
        let text = |name, value: Option<&str>| match value.map(str::trim).filter(|value| !value.is_empty()) {
            None => Err(TenantError::Missing(name)),
            Some(value) => Ok(value.to_owned()),
        };
        let url = text(URL, given.url)?;
        let key = text(API_KEY, given.key)?;
        let url = self.inner.hosts.server(&url).map_err(TenantError::NotAllowed)?;
        // Odoo Online has one database at each name, which is called so.
        let online =
            url.host_str().and_then(|host| host.strip_suffix(".odoo.com")).filter(|db| !db.contains('.'));
        let database = match online {
            Some(online) => given.database.unwrap_or(online).trim().to_owned(),
            None => text(DB, given.database)?,
        };
        let login = given.login.unwrap_or_default().trim().to_owned();
        Ok(HeaderTenant { url, database, login, key: key.into() })
    }

    /// Whether requests without such headers are for nobody.
    pub fn is_only_one(&self) -> bool {
        self.inner.is_only_one
    }

    /// Has Odoo say who this is, unless it has said so a moment ago; what they are set up as then, and whether it said so now.
    ///
    /// # Errors
    /// When Odoo refuses them, or says nothing.
    pub async fn enter(
        &self,
        tenant: &HeaderTenant,
        common: &Arc<Common>,
    ) -> Result<(Setup, bool), TenantError> {
        let odoo = tenant.odoo(common);
        let mark = self.mark(tenant);
        let (uid, is_new) = match self.known(mark, &odoo) {
            Ok(uid) => (uid, false),
            Err(trying) => match trying.await {
                Ok(uid) => (uid, true),
                // It was not refused.
                Err(error @ (TenantError::Unreachable(_) | TenantError::Busy)) => {
                    (self.remembered().get(&mark).and_then(|it| it.within(STALE)).ok_or(error)?, false)
                }
                Err(error) => return Err(error),
            },
        };
        Ok((Setup { client: Some(self.inner.client.clone()), ..tenant.setup(uid, odoo, common) }, is_new))
    }

    fn remembered(&self) -> StateGuard<'_, HashMap<[u8; 32], Remembered>> {
        self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose these credentials are; or what finds out, once for all who ask meanwhile.
    fn known(
        &self,
        mark: [u8; 32],
        odoo: &OdooConfig,
    ) -> Result<i64, Shared<BoxFuture<'static, Result<i64, TenantError>>>> {
        let mut all = self.remembered();
        if all.len() >= REMEMBERED && !all.contains_key(&mark) {
            all.retain(|_, known| known.is_being_tried() || known.within(FRESH).is_some());
            if all.len() >= REMEMBERED {
                all.clear();
            }
        }
        let remembered = all.entry(mark).or_default();
        if let Some(uid) = remembered.within(FRESH) {
            return Ok(uid);
        }
        let trying = remembered.trying.as_ref().and_then(WeakShared::upgrade);
        // One that has its answer already is tried anew.
        if let Some(trying) = trying.filter(|trying| trying.peek().is_none()) {
            return Err(trying);
        }
        let (door, odoo) = (self.clone(), odoo.clone());
        let trying = async move {
            let tried = door.try_log_in(&odoo).await;
            door.remember(mark, &tried);
            tried
        };
        let trying = trying.boxed().shared();
        remembered.trying = trying.downgrade();
        Err(trying)
    }

    /// What Odoo said of these credentials, if it did.
    fn remember(&self, mark: [u8; 32], tried: &Result<i64, TenantError>) {
        let mut all = self.remembered();
        match tried {
            Ok(uid) => all.entry(mark).or_default().known = Some(Known { uid: *uid, at: Instant::now() }),
            Err(TenantError::Unreachable(_) | TenantError::Busy) => {}
            Err(_) => drop(all.remove(&mark)),
        }
    }

    async fn try_log_in(&self, config: &OdooConfig) -> Result<i64, TenantError> {
        let places = self.inner.trying.of(config.url.authority());
        let _place = places.try_acquire().map_err(|_| TenantError::Busy)?;
        let odoo = Odoo::over(config.clone(), self.inner.client.clone())
            .map_err(|error| TenantError::Open(Arc::new(error.into())))?;
        match odoo.connection().await {
            Ok(connection) => Ok(connection.uid),
            // What Odoo says may hold what it was sent: only what kind of failure it is passes.
            Err(OdooError::Unreachable(said)) if said == super::NotAllowed::Address.to_string() => {
                Err(TenantError::NotAllowed(super::NotAllowed::Address))
            }
            Err(error) if error.is_transient() => Err(TenantError::Unreachable(error.code())),
            Err(_) if config.login.is_empty() => Err(TenantError::RefusedWithoutLogin),
            Err(_) => Err(TenantError::Refused),
        }
    }

    fn mark(&self, tenant: &HeaderTenant) -> [u8; 32] {
        let HeaderTenant { url, database, login, key } = tenant;
        let mut hash = Sha256::new_with_prefix(self.inner.salt);
        for part in [url.as_str(), database, login, key.expose_secret()] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

impl HeaderTenant {
    /// Has this client log in so: it may have been made with a key that works no longer.
    pub fn renew(&self, odoo: &Odoo) {
        odoo.renew(&self.login, self.key.clone());
    }

    fn odoo(&self, common: &Common) -> OdooConfig {
        let Self { url, database, login, key } = self.clone();
        common.odoo(url, database, login, key)
    }

    /// Who is in no file has nobody told: messages are sent at the operator's cost.
    fn setup(&self, uid: i64, odoo: OdooConfig, common: &Arc<Common>) -> Setup {
        let server = self.url.origin().ascii_serialization();
        let id = format!("{PREFIX}{}", digest(&["tenant", &server, &self.database, &uid.to_string()]));
        let PhoneConfig { default_country_code, .. } = common.messages.phones;
        let phones = PhoneConfig { fallback: None, default_country_code };
        let messages = MessageConfig { phones, tenant: Some(id.clone()), ..common.messages.clone() };
        Setup {
            target: Target::server(&odoo).of_tenant(&id),
            id,
            odoo,
            client: None,
            context: Map::new(),
            reader: None,
            sales: SalesConfig::default(),
            twilio: TwilioSetup::Missing(vec![
                "a Twilio account (the access file gives one to named tenants)",
            ]),
            messages,
            language: common.language,
            common: Arc::clone(common),
            mark: String::new(),
        }
    }
}

/// Whether a folder is that of such a tenant.
pub(super) fn is_of_headers(folder: &str) -> bool {
    folder.starts_with(PREFIX)
}
