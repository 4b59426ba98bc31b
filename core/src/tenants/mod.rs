//! For whom: an Odoo and all that works with it. Of one process there may be many, which share nothing but the process.

mod error;
mod file;
mod guard;
mod headers;
mod hosts;
mod names;
mod open;
mod registry;
mod setup;
mod turns;
mod waiting;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub use self::error::TenantError;
pub use self::file::EntryError;
pub use self::guard::{Lookup, system as system_lookup};
pub use self::headers::{API_KEY, DB, Given, HeaderConfig, HeaderDoor, LOGIN, URL};
pub use self::hosts::{DEFAULT as DEFAULT_HOSTS, NoHost, NotAllowed, TenantHosts};
pub use self::names::{Names, Setups};
pub use self::registry::{End, Tenants};
pub use self::setup::{Common, OpenError, Setup, Watch};
pub use self::turns::{Turn, Turns};

use crate::access::{Access, Caller};
use crate::audit::Audit;
use crate::erp::Erp;
use crate::handoff::Handoffs;
use crate::journal::Journal;
use crate::language::Language;
use crate::limits::Limiter;
use crate::odoo::Odoo;
use crate::quotation::salespeople::Salespeople;
use crate::store::DEFAULT_TENANT;
use crate::tasks::Tasks;
use crate::watching::Watching;

/// One Odoo, with its log-in and all that works with it.
pub struct Tenant {
    /// Names it, in logs and folders.
    pub id: String,
    /// The Odoo that quotations are made in.
    pub odoo: Odoo,
    /// The Odoo that is read.
    pub reader: Erp,
    /// The Odoo that is written to; the same, unless another one is configured.
    pub writer: Erp,
    /// The quotations.
    pub tasks: Tasks,
    /// The handoffs.
    pub handoffs: Handoffs,
    /// Where both are remembered.
    pub journal: Journal,
    /// Who has the fewest open opportunities in the Odoo that is read.
    pub salespeople: Salespeople,
    /// How long a quotation is waited for before a model is told to ask later.
    pub inline: Duration,
    /// Messages that are asked for over HTTP must be signed with it, which a call of a tool cannot be.
    pub webhook_secret: Option<SecretString>,
    /// What may be done here, whoever asks.
    pub access: Arc<Access>,
    /// What people read here, unless they ask for another language.
    pub language: Language,
    /// Places for its calls.
    pub turns: Turns,
    /// What callers watch of the Odoo that is read.
    pub watching: Watching,
    /// Who has had what done here and elsewhere.
    pub audit: Audit,
    /// How much callers may ask for, here and elsewhere.
    pub limiter: Limiter,
}

impl Tenant {
    /// As whom a caller is counted here: those who do not say who they are, and those who sign, share a limit in each tenant,
    /// not in all.
    pub fn counts<'a>(&self, caller: &'a Caller) -> Cow<'a, str> {
        match !caller.has_key() && self.id != DEFAULT_TENANT {
            true => format!("{}@{}", caller.id(), self.id).into(),
            false => caller.id().into(),
        }
    }

    /// As whom a caller has a share of what all tenants have in common: as themselves, if they have a key, and with all others
    /// of this tenant, unless it is that of the environment, whose may be all there are.
    pub fn shares(&self, caller: &Caller) -> Vec<String> {
        let own = Caller::share(caller.id());
        let with_others = (self.id != DEFAULT_TENANT).then(|| format!("@{}", self.id));
        own.into_iter().chain(with_others).collect()
    }

    /// Whether another Odoo is read than is written to.
    pub fn has_two_odoos(&self) -> bool {
        self.writer.instance() != self.reader.instance()
    }

    /// Whether nothing is being done for it beside calls.
    pub fn is_idle(&self) -> bool {
        self.tasks.is_idle() && self.handoffs.is_idle()
    }

    /// Lets what runs finish for so long, then leaves the rest to the journal.
    pub async fn shutdown(&self, grace: Duration) {
        self.watching.shutdown();
        tokio::join!(self.handoffs.shutdown(grace), self.tasks.shutdown(grace));
    }
}
