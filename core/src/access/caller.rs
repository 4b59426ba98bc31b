//! Who calls.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::OptionFuture;
use tokio_util::sync::CancellationToken;

use super::{Permission, Permissions};
use crate::limits::Limits;

/// Who asks for an operation. Two are the same when their ids are, and for strangers what they log in with elsewhere.
#[derive(Clone)]
pub struct Caller {
    id: Arc<str>,
    /// What they may do.
    pub permissions: Permissions,
    /// How much they may ask for; nothing: as much as everybody.
    pub limits: Option<Limits>,
    /// Where they work.
    pub works_in: Workplace,
    /// Cancelled when they may not call any more: what is open for them ends. Nothing where that cannot be.
    pub ended: Option<CancellationToken>,
    /// When their access token ends, and with it what is open for them; nothing where they came without one.
    pub token_expires: Option<SystemTime>,
    /// What a stranger's request logs in with, at whom is before this service.
    log_in: Option<Arc<[u8]>>,
}

/// Where a caller works, unless a call says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workplace {
    /// The company, by its id in Odoo.
    pub company: Option<i64>,
    /// The language of Odoo's texts, `es_MX`.
    pub lang: Option<String>,
    /// The time zone of days, `America/Mexico_City`.
    pub tz: Option<String>,
}

/// The ways that requests come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// REST over HTTP.
    Rest,
    /// MCP over HTTP.
    Mcp,
    /// MCP over stdin and stdout: whoever started the process.
    Stdio,
}

impl Door {
    /// Its name in the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Mcp => "mcp",
            Self::Stdio => "stdio",
        }
    }
}

impl Caller {
    /// Whoever started the process.
    pub const LOCAL: &str = "local";
    /// Who has `API_KEY`.
    pub const API_KEY: &str = "api-key";
    /// ElevenLabs, by its signature.
    pub const ELEVENLABS: &str = "elevenlabs";
    /// Twilio, by its signature.
    pub const TWILIO: &str = "twilio";
    /// Who does not say who they are.
    pub const ANONYMOUS: &str = crate::store::ANONYMOUS;

    /// Whoever started the process: may do everything.
    pub fn local() -> Self {
        Self::known(Self::LOCAL, Permissions::ALL)
    }

    /// Somebody over HTTP who does not log in here, with what the request has in `Authorization`.
    pub fn anonymous(permissions: Permissions, log_in: Option<&[u8]>) -> Self {
        Self { log_in: log_in.map(Arc::from), ..Self::known(Self::ANONYMOUS, permissions) }
    }

    /// Somebody who has shown to be this one.
    pub fn known(id: &str, permissions: Permissions) -> Self {
        let works_in = Workplace::default();
        Self {
            id: id.into(),
            permissions,
            limits: None,
            works_in,
            ended: None,
            token_expires: None,
            log_in: None,
        }
    }

    /// What names this caller: it may stand in logs and files.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether they have not said who they are.
    pub fn is_anonymous(&self) -> bool {
        &*self.id == Self::ANONYMOUS
    }

    /// Whether they are known by what they sign, which is looked at when it is read.
    pub fn signs(&self) -> bool {
        [Self::ELEVENLABS, Self::TWILIO].contains(&self.id())
    }

    /// Whether they have shown a key, or a token.
    pub fn has_key(&self) -> bool {
        Self::is_of_key(&self.id)
    }

    /// Whether who is named so has shown one.
    pub fn is_of_key(id: &str) -> bool {
        ![Self::LOCAL, Self::ANONYMOUS, Self::ELEVENLABS, Self::TWILIO].contains(&id)
    }

    /// Whose share of what all have in common it is: strangers have none, for they may be all there are.
    pub fn share(id: &str) -> Option<String> {
        Self::is_of_key(id).then(|| id.to_owned())
    }

    /// Whether there may be a time from which on they may not call any more.
    pub fn may_end(&self) -> bool {
        self.ended.is_some() || self.token_expires.is_some()
    }

    /// Waits until they may not call any more; for ever, where they always may.
    pub async fn over(&self) {
        let left = self.token_expires.map(|end| end.duration_since(SystemTime::now()).unwrap_or_default());
        tokio::select! {
            Some(()) = OptionFuture::from(self.ended.as_ref().map(CancellationToken::cancelled)) => {}
            Some(()) = OptionFuture::from(left.map(tokio::time::sleep)) => {}
            else => std::future::pending().await,
        }
    }

    /// Whether they may see what this caller had done: their own, and what nobody in particular asked for, whose id cannot
    /// be guessed.
    pub fn may_see(&self, owner: &str) -> bool {
        owner == self.id() || owner == Self::ANONYMOUS || self.permissions.has(Permission::Admin)
    }

    /// What tells this caller from others, as far as requests do. A secret may be in it: keep only its hash.
    pub fn told_apart_by(&self) -> [&[u8]; 2] {
        [self.id.as_bytes(), self.log_in.as_deref().unwrap_or_default()]
    }
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        self.told_apart_by() == other.told_apart_by()
    }
}

impl Eq for Caller {}

/// A secret may be in it: never printed whole.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("id", &self.id)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
