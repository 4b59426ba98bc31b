//! Who calls.

use std::fmt;

/// Who asks for an operation.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The way the request came by.
    pub door: Door,
    /// What the request logs in with, if anything. Nothing asks for a log-in yet; a proxy in front may.
    log_in: Option<Vec<u8>>,
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

impl Caller {
    /// Whoever started the process.
    pub fn local() -> Self {
        Self { door: Door::Stdio, log_in: None }
    }

    /// Somebody over HTTP, with what the request has in `Authorization`.
    pub fn anonymous(door: Door, log_in: Option<&[u8]>) -> Self {
        Self { door, log_in: log_in.map(<[u8]>::to_vec) }
    }

    /// What names this caller: it may stand in logs and files.
    pub fn id(&self) -> &'static str {
        match self.door {
            Door::Stdio => "local",
            Door::Rest | Door::Mcp => "anonymous",
        }
    }

    /// What tells this caller from others, as far as requests do. A secret may be in it: keep only its hash.
    pub fn log_in(&self) -> &[u8] {
        self.log_in.as_deref().unwrap_or_default()
    }
}

/// A secret may be in it: never printed whole.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("id", &self.id()).field("door", &self.door).finish_non_exhaustive()
    }
}
