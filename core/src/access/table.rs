//! Whom keys belong to, as the access file has it now.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::file::{AccessFile, CallerEntry, Expiry, FileError};
use super::key::{KeyHash, Presented};
use super::models::Models;
use super::watched::Watched;
use super::{AccessConfig, Caller, Denied, Permissions, Workplace};

/// How often the files are looked at, and keys that have expired. What has changed is read when it is looked at next.
const EVERY: Duration = Duration::from_millis(400);

/// Takes over what else a file says, after all of it was read.
pub type Apply = Box<dyn FnOnce() + Send>;
/// Reads what else the file says; an error makes it a bad one.
pub type Also = Box<dyn Fn(&AccessFile) -> Result<Apply, String> + Send + Sync>;

/// Who may call. The file is read again when it changes, or one that it names; a bad one changes nothing.
pub struct Access {
    config: AccessConfig,
    also: Also,
    table: ArcSwap<Table>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was read last, well or not.
    watched: Watched,
    /// As it was when it was looked at last.
    seen: Watched,
    /// Why the file as it is now is not the one that is used.
    problem: Option<String>,
}

/// Somebody who may call, with one of their keys.
pub struct Guest {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// The tenants that they may choose from; empty: the one that the environment configures.
    pub tenants: Vec<String>,
    ips: Vec<IpNet>,
    /// What the file says of them, but for their keys; nothing of who is not in it.
    entry: Option<CallerEntry>,
}

/// Who may call, as the file has it now. Who is found in it is lent: all requests would count up and down who has one that
/// is given, and wait for each other.
pub struct Known(Guard<Arc<Table>>);

#[derive(Default)]
struct Table {
    /// Who does not say who they are, where the file lets them in.
    anonymous: Option<Arc<Guest>>,
    /// Who may have a key whose hash begins so, and by which hash: all of it is compared in constant time.
    keys: HashMap<[u8; 8], Vec<Key>>,
    /// Whether any key is known by its BLAKE3.
    has_blake3: bool,
    models: Arc<Models>,
}

struct Key {
    hash: KeyHash,
    /// From then on there is a newer one only.
    until: Option<Expiry>,
    guest: Arc<Guest>,
}

impl Access {
    /// Reads who may call.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn open(config: AccessConfig, also: Also) -> Result<Self, FileError> {
        let mut state = State::default();
        let table = Table::read(&config, &also, &Table::default(), &mut state.watched)?;
        Ok(Self { config, also, table: ArcSwap::from_pointee(table), state: Mutex::new(state) })
    }

    /// What the operator has set.
    pub fn config(&self) -> &AccessConfig {
        &self.config
    }

    /// Who may call now.
    pub fn known(&self) -> Known {
        Known(self.table.load())
    }

    /// What may be done with the records of which model.
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.table.load().models)
    }

    /// Why the file as it is now is not the one that is used.
    pub fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    /// Keeps up with the files and the clock, for ever. Disks may be slow: nobody waits for them.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(EVERY).await;
            let access = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || access.look()).await;
            if looked.is_err() {
                tracing::error!("the access file could not be looked at, for a defect: tried again");
            }
        }
    }

    fn look(&self) {
        let read = self.state().watched.clone();
        let now = read.clone().again();
        // Who writes into it may not be done: the first half of a file can be a good one, without its rules.
        let before = std::mem::replace(&mut self.state().seen, now.clone());
        if now != read && now == before {
            self.read_again(now);
        }
        self.table.load().end_expired(Utc::now());
    }

    fn read_again(&self, mut watched: Watched) {
        let before = self.table.load_full();
        let problem = match Table::read(&self.config, &self.also, &before, &mut watched) {
            Ok(table) => {
                tracing::info!(keys = table.keys().count(), "the access file was read again");
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
        let seen = watched.clone();
        *self.state() = State { watched, seen, problem };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whose key this is, if it works, now and from there.
    ///
    /// # Errors
    /// Why it does not.
    pub fn find(&self, key: &str, address: Option<IpAddr>) -> Result<&Guest, Denied> {
        let Self(table) = self;
        let key = Presented::new(key, table.has_blake3);
        let like = key.beginnings().filter_map(|beginning| table.keys.get(&beginning)).flatten();
        let mut like = like.filter(|known| known.hash.is_of(&key));
        let Key { guest, until, .. } = like.next().ok_or(Denied::Unknown)?;
        guest.check(*until, address)?;
        Ok(guest)
    }

    /// Who does not say who they are, where the file lets them in.
    pub fn anonymous(&self, address: Option<IpAddr>) -> Option<&Guest> {
        self.0.anonymous.as_deref().filter(|guest| guest.check(None, address).is_ok())
    }
}

impl Table {
    /// # Errors
    /// When the file cannot be used.
    fn read(
        config: &AccessConfig,
        also: &Also,
        before: &Self,
        watched: &mut Watched,
    ) -> Result<Self, FileError> {
        let mut table = Self { models: Models::open().into(), ..Self::default() };
        if let Some(key) = &config.api_key {
            let caller = Caller::known(Caller::API_KEY, Permissions::ALL).into();
            let guest = Arc::new(Guest { caller, tenants: Vec::new(), ips: Vec::new(), entry: None });
            table.add(KeyHash::of(key.expose_secret()), None, guest);
        }
        let Some(path) = &config.file else { return Ok(table) };
        // Before they are read: a change meanwhile is seen the next time.
        *watched = std::mem::take(watched).again();
        let itself = Watched::of([path.clone()]);
        let file = AccessFile::read(path)?;
        if Watched::of([path.clone()]) != itself {
            return Err(FileError(format!("{}: was written to while it was read", path.display())));
        }
        *watched = itself.and(Watched::of(file.secret_files()));
        let apply = also(&file).map_err(|why| FileError(format!("{}: {why}", path.display())))?;
        let AccessFile { callers, models, .. } = file;
        table.models = models.into();
        for (name, mut entry) in callers {
            let key = entry.key.take().map(|key| (key, None));
            let until = entry.previous_expires.take();
            let previous = entry.previous_key.take().map(|key| (key, until));
            for (hash, until) in key.into_iter().chain(previous) {
                if config
                    .api_key
                    .as_ref()
                    .is_some_and(|key| hash.is_of(&Presented::new(key.expose_secret(), true)))
                {
                    let why = format!(
                        "[callers.{name}] has the key of API_KEY, which may do everything: make one with `mcp-odoo keys new`"
                    );
                    return Err(FileError(format!("{}: {why}", path.display())));
                }
                // Who stays as they were goes on, also with a key that is to be replaced: what is open for it does not end.
                let same = before.guest(&hash).filter(|guest| guest.is(&name, &entry));
                let guest = same.unwrap_or_else(|| Guest::new(&name, entry.clone()).into());
                table.add(hash, until, guest);
            }
            if name == Caller::ANONYMOUS {
                let same = before.anonymous.clone().filter(|guest| guest.is(&name, &entry));
                table.anonymous = Some(same.unwrap_or_else(|| Guest::new(&name, entry).into()));
            }
        }
        apply();
        Ok(table)
    }

    fn add(&mut self, hash: KeyHash, until: Option<Expiry>, guest: Arc<Guest>) {
        self.has_blake3 |= matches!(hash, KeyHash::Blake3(_));
        self.keys.entry(hash.beginning()).or_default().push(Key { hash, until, guest });
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values().flatten()
    }

    /// Whose key has this hash.
    fn guest(&self, hash: &KeyHash) -> Option<Arc<Guest>> {
        let like = self.keys.get(&hash.beginning())?;
        like.iter().find(|key| key.hash == *hash).map(|key| Arc::clone(&key.guest))
    }

    fn end_expired(&self, now: DateTime<Utc>) {
        let is_over = |key: &&Key| key.guest.works(key.until, now).is_err();
        self.keys().filter(is_over).for_each(|key| key.guest.end());
        self.anonymous.iter().filter(|guest| guest.works(None, now).is_err()).for_each(|guest| guest.end());
    }

    /// Ends what is open for those who are not the same in the new table.
    fn end_missing(&self, new: &Self) {
        let is_same = |now: Option<&Arc<Guest>>, guest| now.is_some_and(|now| Arc::ptr_eq(now, guest));
        for Key { hash, guest, .. } in self.keys() {
            if !is_same(new.guest(hash).as_ref(), guest) {
                guest.end();
            }
        }
        self.anonymous
            .iter()
            .filter(|guest| !is_same(new.anonymous.as_ref(), guest))
            .for_each(|guest| guest.end());
    }
}

impl Guest {
    fn new(name: &str, entry: CallerEntry) -> Self {
        let mut caller = Caller::known(name, entry.permissions);
        (caller.limits, caller.ended) = (entry.limits, Some(CancellationToken::new()));
        let CallerEntry { company, lang, tz, .. } = &entry;
        caller.works_in = Workplace { company: *company, lang: lang.clone(), tz: tz.clone() };
        let tenants = entry.tenants().cloned().collect();
        Self { caller: caller.into(), tenants, ips: entry.ips.clone(), entry: Some(entry) }
    }

    /// Whether it is who is called so, and of whom the file says this.
    fn is(&self, name: &str, entry: &CallerEntry) -> bool {
        self.caller.id() == name && self.entry.as_ref() == Some(entry)
    }

    /// Whether a key works that is theirs until then.
    fn works(&self, until: Option<Expiry>, now: DateTime<Utc>) -> Result<(), Denied> {
        self.entry.as_ref().map_or(Ok(()), |entry| entry.works(now))?;
        if until.is_some_and(|until| until.is_past(now)) { Err(Denied::Expired) } else { Ok(()) }
    }

    fn check(&self, until: Option<Expiry>, address: Option<IpAddr>) -> Result<(), Denied> {
        // The clock is asked with every request only where it tells something.
        let may_end = until.is_some() || self.entry.as_ref().is_some_and(|entry| entry.expires.is_some());
        self.works(until, if may_end { Utc::now() } else { DateTime::UNIX_EPOCH })?;
        let is_there = |address: IpAddr| self.ips.iter().any(|network| network.contains(&address));
        if self.ips.is_empty() || address.is_some_and(is_there) { Ok(()) } else { Err(Denied::Address) }
    }

    fn end(&self) {
        if let Some(ended) = &self.caller.ended {
            ended.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::models::Verb;

    #[test]
    fn a_file_is_read_once_nobody_writes_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access.toml");
        let half = format!("[callers.web]\nkey = '{}'\n", KeyHash::of("web"));
        let whole = |key| {
            let other = KeyHash::of(key);
            format!("{half}[callers.other]\nkey = '{other}'\n[models]\npreset = 'projects'\n")
        };
        std::fs::write(&file, whole("first")).unwrap();
        let config = AccessConfig { file: Some(file.clone()), ..AccessConfig::default() };
        let access = Access::open(config, Box::new(|_| Ok(Box::new(|| {})))).unwrap();
        let is_open = || access.models().allow("sale.order", Verb::Read).is_ok();
        access.look();
        for (written, look_finds) in [
            ("", "first"),
            (half.as_str(), "first"),
            (whole("second!").as_str(), "first"),
            ("same", "second!"),
        ] {
            if written != "same" {
                std::fs::write(&file, written).unwrap();
            }
            access.look();
            assert!(access.known().find(look_finds, None).is_ok() && !is_open(), "{written}");
        }
        std::fs::write(&file, &half).unwrap();
        access.look();
        assert!(!is_open());
        access.look();
        assert!(is_open() && access.known().find("second!", None).is_err(), "the half was all of it");
    }

    #[test]
    fn nobody_of_the_file_has_the_key_that_may_do_everything() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access.toml");
        std::fs::write(&file, format!("[callers.web]\nkey = '{}'\n", KeyHash::of("same"))).unwrap();
        let with = |key: &str| {
            let (file, api_key) = (Some(file.clone()), Some(key.into()));
            Access::open(
                AccessConfig { file, api_key, ..AccessConfig::default() },
                Box::new(|_| Ok(Box::new(|| {}))),
            )
        };
        assert!(with("another").is_ok());
        let said = with("same").err().unwrap().to_string();
        assert!(said.contains("[callers.web] has the key of API_KEY") && !said.contains("same"), "{said}");
    }
}
