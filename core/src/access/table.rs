//! Whom keys belong to, as the access file has it now.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::file::{AccessFile, CallerEntry, FileError};
use super::key::{KeyHash, Presented};
use super::models::Models;
use super::{AccessConfig, Caller, Denied, Permissions};

/// How often the file is looked at, and keys that have expired.
const EVERY: Duration = Duration::from_secs(1);

/// Takes over what else a file says, after all of it was read.
pub type Apply = Box<dyn FnOnce() + Send>;
/// Reads what else the file says; an error makes it a bad one.
pub type Also = Box<dyn Fn(&AccessFile) -> Result<Apply, String> + Send + Sync>;

/// Who may call. The file is read again when it changes; a bad one changes nothing.
pub struct Access {
    config: AccessConfig,
    also: Also,
    table: ArcSwap<Table>,
    /// Why the file as it is now is not the one that is used.
    problem: Mutex<Option<String>>,
}

/// Somebody who may call.
pub struct Guest {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// The tenants that they may choose from; empty: the one that the environment configures.
    pub tenants: Vec<String>,
    ips: Vec<IpNet>,
    /// What the file says of them; nothing of who is not in it.
    entry: Option<CallerEntry>,
}

/// How the file was when it was read.
type Seen = Option<(SystemTime, u64, u64)>;

#[derive(Default)]
struct Table {
    /// By name.
    guests: HashMap<String, Arc<Guest>>,
    /// Who may have a key whose hash begins so, and by which hash: all of it is compared in constant time.
    keys: HashMap<[u8; 8], Vec<Key>>,
    /// Whether any key is known by its BLAKE3.
    has_blake3: bool,
    models: Arc<Models>,
    seen: Seen,
}

struct Key {
    hash: KeyHash,
    /// It was changed: the guest has a newer one.
    is_previous: bool,
    guest: Arc<Guest>,
}

impl Access {
    /// Reads who may call.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn open(config: AccessConfig, also: Also) -> Result<Self, FileError> {
        let table = Table::read(&config, &also, &Table::default())?;
        Ok(Self { config, also, table: ArcSwap::from_pointee(table), problem: Mutex::default() })
    }

    /// What the operator has set.
    pub fn config(&self) -> &AccessConfig {
        &self.config
    }

    /// Whose key this is, if it works, now and from there.
    ///
    /// # Errors
    /// Why it does not.
    pub fn find(&self, key: &str, address: Option<IpAddr>) -> Result<Arc<Guest>, Denied> {
        let table = self.table.load();
        let key = Presented::new(key, table.has_blake3);
        let like = key.beginnings().filter_map(|beginning| table.keys.get(&beginning)).flatten();
        let mut like = like.filter(|known| known.hash.is_of(&key));
        let Key { guest, is_previous, .. } = like.next().ok_or(Denied::Unknown)?;
        guest.check(*is_previous, address, Utc::now())?;
        Ok(Arc::clone(guest))
    }

    /// Who does not say who they are, where the file lets them in.
    pub fn anonymous(&self, address: Option<IpAddr>) -> Option<Arc<Guest>> {
        let guest = self.table.load().guests.get(Caller::ANONYMOUS).cloned()?;
        guest.check(false, address, Utc::now()).ok().map(|()| guest)
    }

    /// What may be done with the records of which model.
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.table.load().models)
    }

    /// Why the file as it is now is not the one that is used.
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps up with the file and the clock, for ever.
    pub async fn watch(&self) {
        let mut tried = self.table.load().seen;
        loop {
            tokio::time::sleep(EVERY).await;
            let now = self.config.file.as_deref().and_then(seen);
            if now != tried {
                tried = now;
                self.read_again();
            }
            self.table.load().end_expired(Utc::now());
        }
    }

    fn read_again(&self) {
        let before = self.table.load_full();
        let problem = match Table::read(&self.config, &self.also, &before) {
            Ok(table) => {
                tracing::info!(callers = table.guests.len(), "the access file was read again");
                let table = Arc::new(table);
                self.table.store(Arc::clone(&table));
                before.end_missing(&table);
                None
            }
            Err(error) => {
                tracing::error!(%error, "the access file was not taken: what it said before holds on");
                Some(error.to_string())
            }
        };
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// How the file is.
fn seen(path: &Path) -> Seen {
    let file = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&file);
    #[cfg(not(unix))]
    let inode = 0;
    Some((file.modified().ok()?, file.len(), inode))
}

impl Table {
    /// # Errors
    /// When the file cannot be used.
    fn read(config: &AccessConfig, also: &Also, before: &Self) -> Result<Self, FileError> {
        let mut table = Self { models: Models::open().into(), ..Self::default() };
        if let Some(key) = &config.api_key {
            let caller = Caller::known(Caller::API_KEY, Permissions::ALL).into();
            let guest = Arc::new(Guest { caller, tenants: Vec::new(), ips: Vec::new(), entry: None });
            table.add(KeyHash::of(key.expose_secret()), &guest, false);
        }
        let Some(path) = &config.file else { return Ok(table) };
        // Before it is read: a change meanwhile is seen the next time.
        table.seen = seen(path);
        let file = AccessFile::read(path)?;
        let apply = also(&file).map_err(|why| FileError(format!("{}: {why}", path.display())))?;
        let AccessFile { callers, models, .. } = file;
        table.models = models.into();
        for (name, entry) in callers {
            // Who stays as they were goes on: what is open for them does not end.
            let same = before.guests.get(&name).filter(|guest| guest.entry.as_ref() == Some(&entry));
            let guest = same.cloned().unwrap_or_else(|| Arc::new(Guest::new(&name, entry)));
            if let Some(entry) = &guest.entry {
                for (key, is_previous) in [(entry.key, false), (entry.previous_key, true)] {
                    if let Some(key) = key {
                        table.add(key, &guest, is_previous);
                    }
                }
            }
            table.guests.insert(name, guest);
        }
        apply();
        Ok(table)
    }

    fn add(&mut self, hash: KeyHash, guest: &Arc<Guest>, is_previous: bool) {
        self.has_blake3 |= matches!(hash, KeyHash::Blake3(_));
        let key = Key { hash, is_previous, guest: Arc::clone(guest) };
        self.keys.entry(hash.beginning()).or_default().push(key);
    }

    fn end_expired(&self, now: DateTime<Utc>) {
        for guest in self.guests.values().filter(|guest| guest.is_over(now)) {
            guest.end();
        }
    }

    /// Ends what is open for those who are not the same in the new table.
    fn end_missing(&self, new: &Self) {
        for (name, guest) in &self.guests {
            if !new.guests.get(name).is_some_and(|now| Arc::ptr_eq(now, guest)) {
                guest.end();
            }
        }
    }
}

impl Guest {
    fn new(name: &str, entry: CallerEntry) -> Self {
        let mut caller = Caller::known(name, entry.permissions);
        (caller.limits, caller.ended) = (entry.limits, Some(CancellationToken::new()));
        let tenants = entry.tenants().cloned().collect();
        Self { caller: caller.into(), tenants, ips: entry.ips.clone(), entry: Some(entry) }
    }

    fn check(&self, is_previous: bool, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Denied> {
        if let Some(entry) = &self.entry {
            entry.works(now)?;
            if is_previous && entry.previous_expires.is_some_and(|expires| expires.is_past(now)) {
                return Err(Denied::Expired);
            }
        }
        let is_there = |address: IpAddr| self.ips.iter().any(|network| network.contains(&address));
        if self.ips.is_empty() || address.is_some_and(is_there) { Ok(()) } else { Err(Denied::Address) }
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.works(now).is_err())
    }

    fn end(&self) {
        if let Some(ended) = &self.caller.ended {
            ended.cancel();
        }
    }
}
