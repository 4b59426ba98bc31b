//! Connects to servers that callers bring: to no address that is not allowed, whatever DNS answers, and by no proxy, which would
//! ask DNS itself.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::hosts::{NotAllowed, TenantHosts};
use crate::http;

/// Asks DNS for the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

type Answer = Result<Vec<IpAddr>, Arc<io::Error>>;
type Asking = Shared<BoxFuture<'static, Answer>>;

/// Looks names up, and at what is answered.
#[derive(Clone)]
pub struct Guard {
    hosts: Arc<TenantHosts>,
    lookup: Lookup,
    /// One question for a name at a time: the system has a thread for each, and a server of names that hangs must not have
    /// them all.
    asking: Arc<Mutex<HashMap<String, WeakShared<BoxFuture<'static, Answer>>>>>,
}

/// The system's.
pub fn system() -> Lookup {
    Arc::new(|name| {
        async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect()) }
            .boxed()
    })
}

impl Guard {
    /// For these hosts.
    pub fn new(hosts: TenantHosts, lookup: Lookup) -> Self {
        Self { hosts: Arc::new(hosts), lookup, asking: Arc::default() }
    }

    /// A client that connects to no other addresses. It follows no redirects.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn client(&self, timeout: Duration) -> reqwest::Result<Client> {
        http::builder(timeout).no_proxy().dns_resolver(Arc::new(self.clone())).build()
    }

    /// Where a name leads to. One address that is not allowed is one too many: whoever has such a name means no good.
    async fn addresses(&self, name: String) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let addresses = self.ask(&name).await?;
        match addresses.iter().all(|address| self.hosts.allows(*address)) {
            true => Ok(addresses),
            false => Err(NotAllowed::Address.into()),
        }
    }

    fn ask(&self, name: &str) -> Asking {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is answered already is asked anew: the next connection is judged by what is true then.
        let asked = asking.get(name).and_then(WeakShared::upgrade);
        if let Some(asked) = asked.filter(|asked| asked.peek().is_none()) {
            return asked;
        }
        asking.retain(|_, asked| asked.upgrade().is_some());
        let lookup = (self.lookup)(name.to_owned());
        let asked = async move { lookup.await.map_err(Arc::new) }.boxed().shared();
        // To its end, also when nobody waits for it any more: its thread is busy as long.
        tokio::spawn(asked.clone());
        asking.extend(asked.downgrade().map(|asked| (name.to_owned(), asked)));
        asked
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        async move {
            let addresses = guard.addresses(name.as_str().to_owned()).await?;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        }
        .boxed()
    }
}
