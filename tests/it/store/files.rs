//! The files, and what is asked of them alone: that a power cut leaves whole ones.

use std::fs;

use mcp_odoo_core::journal::{Journal, Target};
use mcp_odoo_core::store::{Put, Store};
use tempfile::TempDir;

use super::Place;
use super::note::{Note, note, saying};

pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Place for Folder {
    type Store = Journal;

    fn open(&self) -> Journal {
        Journal::open(self.0.path(), Target::embedded()).unwrap()
    }
}

/// What a power cut leaves: what was durable, and beginnings of what was not.
#[tokio::test]
async fn after_a_power_cut_what_was_accepted_is_there_and_what_was_half_written_is_not() {
    let folder = Folder::default();
    let journal = folder.open();
    let accepted = note("a", "2026-01-30");
    assert_eq!(journal.accept(&accepted, 0).await.unwrap(), Put::Done);
    assert_eq!(journal.save(&saying(&accepted, "second"), 1).await.unwrap(), Put::Done);

    // The disk as it is at that moment, in another place: the process never ended well.
    let after = Folder::default();
    let (from, to) = (folder.0.path(), after.0.path());
    let log = "2026-01-30_quot_a.log";
    fs::copy(from.join(log), to.join(log)).unwrap();
    fs::create_dir(to.join(".writing")).unwrap();
    let third = saying(&accepted, "third").to_json(3).unwrap();
    fs::write(to.join(".writing/half"), &third[..third.len() / 2]).unwrap();
    fs::write(to.join(".writing/whole"), &third).unwrap();
    fs::write(to.join(".writing/quot_b"), note("b", "2026-01-30").to_json(1).unwrap()).unwrap();

    let journal = after.open();
    let found = journal.load::<Note>("quot_a").await.unwrap().unwrap();
    assert_eq!((found.document.content.text.as_str(), found.revision), ("second", 2));
    assert!(journal.load::<Note>("quot_b").await.unwrap().is_none());
    assert_eq!(fs::read_dir(to.join(".writing")).unwrap().count(), 0);
    assert_eq!(journal.save(&saying(&accepted, "third"), 2).await.unwrap(), Put::Done);
}

/// As an older version wrote them, which knows of no revisions: it may come back by a rollback.
#[tokio::test]
async fn files_without_a_revision_are_of_the_first() {
    let folder = Folder::default();
    let write = |text: &str| {
        let mut log: serde_json::Value =
            serde_json::from_slice(&note("a", "2026-01-30").to_json(5).unwrap()).unwrap();
        log["text"] = text.into();
        for key in ["revision", "kind", "tenant", "owner", "deadline_at", "vendor_sms"] {
            log.as_object_mut().unwrap().remove(key);
        }
        fs::write(folder.0.path().join("2026-01-30_quot_a.log"), log.to_string()).unwrap();
    };
    write("old");
    let journal = folder.open();
    assert_eq!(journal.accept(&note("a", "2026-01-30"), 0).await.unwrap(), Put::Changed);
    let found = journal.load::<Note>("quot_a").await.unwrap().unwrap();
    assert_eq!((found.document.content.text.as_str(), found.revision), ("old", 1));
    assert_eq!(journal.save(&saying(&found.document, "new"), 1).await.unwrap(), Put::Done);
    drop(journal);
    write("old again");
    let journal = folder.open();
    let found = journal.load::<Note>("quot_a").await.unwrap().unwrap();
    assert_eq!((found.document.content.text.as_str(), found.revision), ("old again", 1));
    assert_eq!(journal.save(&found.document, 1).await.unwrap(), Put::Done);
}
