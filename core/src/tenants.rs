//! For whom: an Odoo and all that works with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::Access;
use crate::audit::Audit;
use crate::erp::Erp;
use crate::handoff::Handoffs;
use crate::language::Language;
use crate::limits::Limiter;
use crate::quotation::salespeople::Salespeople;
use crate::tasks::Tasks;

/// Writing calls that are worked on at once, at most; more of them wait. What is being written is seen through after a
/// cancellation, and so no longer counted by its session.
const MAX_WRITING: usize = 64;

/// One Odoo, with its log-in and all that works with it.
pub struct Tenant {
    /// Names it, in logs and folders.
    pub id: String,
    /// The Odoo that is read.
    pub reader: Erp,
    /// The Odoo that is written to; the same, unless another one is configured.
    pub writer: Erp,
    /// The quotations.
    pub tasks: Tasks,
    /// The handoffs.
    pub handoffs: Handoffs,
    /// Who has the fewest open opportunities in the Odoo that is read.
    pub salespeople: Salespeople,
    /// How long a quotation is waited for before a model is told to ask later.
    pub inline: Duration,
    /// Messages that are asked for over HTTP must be signed, which a call of a tool cannot be.
    pub signed_messages: bool,
    /// What may be done here, whoever asks.
    pub access: Arc<Access>,
    /// What people read here, unless they ask for another language.
    pub language: Language,
    /// Places for calls that write.
    pub writing: Writing,
    /// Who has had what done here and elsewhere.
    pub audit: Audit,
    /// How much callers may ask for, here and elsewhere.
    pub limiter: Limiter,
}

impl Tenant {
    /// Whether another Odoo is read than is written to.
    pub fn has_two_odoos(&self) -> bool {
        self.writer.instance() != self.reader.instance()
    }
}

/// Places for calls that write.
pub struct Writing(Semaphore);

impl Default for Writing {
    fn default() -> Self {
        Self(Semaphore::new(MAX_WRITING))
    }
}

impl Writing {
    /// Waits for a place, which is given back when what this gives is dropped.
    pub async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.0.acquire().await.ok()
    }
}
