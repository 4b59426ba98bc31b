//! What was accepted for tenants by headers and not finished at a restart: it waits until they come back, and says so.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::open::SETTLED;
use crate::journal::{Journal, JournalError, Target};
use crate::quotation::document::Quotation;
use crate::quotation::texts;
use crate::store::{Filter, Store, Stored};

/// Writes it into the logs in this folder; tells how many wait.
pub(super) async fn tell(folder: &Path, id: &str) -> Result<usize, JournalError> {
    let (path, target) = (folder.to_owned(), Target::embedded().of_tenant(id));
    let opening = tokio::task::spawn_blocking(move || Journal::open(&path, target));
    let Ok(journal) = opening.await else { return Ok(0) };
    let journal = journal?;
    let filter = Filter { unfinished: true, since: None };
    let waiting: Vec<Stored<Quotation>> = journal.list(filter, CancellationToken::new(), Some).await?;
    for Stored { document, revision } in &waiting {
        let mut document = document.clone();
        let Quotation { status, language, .. } = &mut document.content;
        if !status.status.is_final() {
            texts::waits_for_tenant(*language).clone_into(&mut status.progress);
            let _ = journal.save(&document, *revision).await?;
        }
    }
    if waiting.is_empty() {
        // The next start need not look.
        let _ = tokio::fs::write(folder.join(SETTLED), b"").await;
    }
    journal.release();
    Ok(waiting.len())
}
