//! What every store must do, held to the files and to one in memory. Another store joins by a [`Place`] of its own.

mod contract;
mod files;
mod memory;
mod note;

use mcp_odoo_core::store::Store;

/// Where what a store remembers outlives it.
pub trait Place: Default {
    /// The store.
    type Store: Store;

    /// As the next process does, when the one before is gone.
    fn open(&self) -> Self::Store;
}

macro_rules! holds {
    ($name:ident, $place:ty) => {
        mod $name {
            use super::contract;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_many_that_accept_one_wins() {
                contract::accept(&<$place>::default()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_many_that_save_over_one_revision_one_wins() {
                contract::save(&<$place>::default()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_many_that_claim_one_wins() {
                contract::claim(&<$place>::default()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_claim_is_over_with_its_lease() {
                contract::lease(&<$place>::default()).await;
            }

            #[tokio::test]
            async fn changes_are_told_to_who_waits_for_them() {
                contract::changes(&<$place>::default()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_mark_lasts_while_it_is_asked_for() {
                contract::marks(&<$place>::default()).await;
            }

            #[tokio::test]
            async fn what_is_unfinished_or_young_is_listed() {
                contract::list(&<$place>::default()).await;
            }

            #[tokio::test]
            async fn the_next_process_finds_what_was_accepted() {
                contract::outlives(&<$place>::default()).await;
            }
        }
    };
}

holds!(in_files, super::files::Folder);
holds!(in_memory, super::memory::Memory);
