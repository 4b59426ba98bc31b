//! Who had what done: a line for each operation, whatever became of it, in a file for each day. Several processes may
//! share the folder.

pub mod files;
mod line;
pub mod search;
mod turned_away;
mod writer;

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use uuid::Uuid;

pub use self::line::{Id, Line, MOST_IDS};

use self::writer::Lines;
use crate::access::Door;

/// How long a stop waits for the disk.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where lines go, and how much hangs on them.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// `LOG_DIR/audit`
    pub folder: PathBuf,
    /// `AUDIT_REQUIRED`: nothing is written to Odoo, and no message sent, that cannot be noted.
    pub required: bool,
    /// `AUDIT_RETENTION_DAYS`: how long files stay, in days; 0 for ever.
    pub retention_days: u64,
}

/// Takes lines; a cheap handle.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    lines: Arc<Lines>,
    required: bool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    /// Begins to write lines as they come. A folder that cannot be used is told when there is something to write.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(config: &AuditConfig) -> io::Result<Self> {
        let lines = Arc::new(Lines::new(config.folder.clone()));
        let written = Arc::clone(&lines);
        let writer = thread::Builder::new().name("audit".to_owned()).spawn(move || written.run())?;
        Ok(Self(Arc::new(Inner { lines, required: config.required, writer: Mutex::new(Some(writer)) })))
    }

    /// An operation has ended. The time is that of this call.
    pub fn note(&self, line: &Line<'_>) {
        self.0.lines.add(line);
    }

    /// Somebody was turned away who has not shown to be anybody. Where more come like it, only the first of each minute has a
    /// line of its own, and another says how many more there were.
    pub fn turned_away(&self, line: &Line<'_>) {
        self.0.lines.turn_away(line);
    }

    /// Somebody was turned away over HTTP before it was known who it is or what they want.
    pub fn refused(&self, door: Door, address: Option<IpAddr>, request_id: Uuid, code: &str) {
        let mut text = Uuid::encode_buffer();
        self.turned_away(&Line {
            caller: "unknown".into(),
            ip: address,
            transport: door.name().into(),
            operation: "log_in".into(),
            outcome: code.into(),
            request_id: Some((&*request_id.hyphenated().encode_lower(&mut text)).into()),
            ..Line::default()
        });
    }

    /// Whether lines cannot be written.
    pub fn is_down(&self) -> bool {
        self.0.lines.is_down()
    }

    /// Whether what changes something must wait until lines can be written again.
    pub fn forbids_writing(&self) -> bool {
        self.0.required && self.is_down()
    }

    /// Writes what waits, for good. Nothing is noted after this.
    pub async fn shutdown(&self) {
        self.0.lines.close();
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let ended = tokio::task::spawn_blocking(move || writer.join());
            if tokio::time::timeout(FAREWELL, ended).await.is_err() {
                tracing::error!("lines of the audit are lost: the disk does not answer");
            }
        }
    }
}

/// The thread ends once it has written what waits.
impl Drop for Inner {
    fn drop(&mut self) {
        self.lines.close();
    }
}

#[cfg(test)]
mod tests;
