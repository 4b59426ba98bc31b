//! What is asked of any store.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_core::store::{Document, Filter, Put, Revision, Store, Stored};
use tokio::time::advance;
use tokio_util::sync::CancellationToken;

use super::Place;
use super::note::{Note, note, saying};

const DAY: &str = "2026-01-30";
const MANY: usize = 32;
const UNFINISHED: Filter = Filter { unfinished: true, since: None };
const MINUTE: Duration = Duration::from_secs(60);

async fn loaded<S: Store>(store: &S, id: &str) -> Option<(Note, Revision)> {
    let stored = store.load::<Note>(id).await.unwrap();
    stored.map(|Stored { document, revision }| (document.content, revision))
}

/// Does this many times at once; tells which were done.
async fn done<S: Store, F>(store: &S, one: impl Fn(S, usize) -> F) -> Vec<usize>
where
    F: Future<Output = bool> + Send + 'static,
{
    let all = (0..MANY).map(|n| tokio::spawn(one(store.clone(), n)));
    let all = join_all(all).await.into_iter().enumerate();
    all.filter_map(|(n, done)| done.unwrap().then_some(n)).collect()
}

/// Writes each a text of its own over this revision, all at once; one is taken, and stands there.
async fn one_wins<P: Place>(store: &P::Store, document: &Document<Note>, over: Revision, accept: bool) {
    let winners = done(store, |store, n| {
        let document = saying(document, n);
        async move {
            let put =
                if accept { store.accept(&document, over).await } else { store.save(&document, over).await };
            put.unwrap() == Put::Done
        }
    });
    let winners = winners.await;
    assert_eq!(winners.len(), 1, "{winners:?}");
    let (content, revision) = loaded(store, &document.content.id).await.unwrap();
    assert_eq!((content.text, revision), (winners[0].to_string(), over + 1));
}

pub async fn accept<P: Place>(place: &P) {
    let (store, document) = (place.open(), note("a", DAY));
    assert!(loaded(&store, "quot_a").await.is_none());
    one_wins::<P>(&store, &document, 0, true).await;
    // Begun anew, once it is over.
    one_wins::<P>(&store, &document, 1, true).await;
    assert_eq!(store.accept(&saying(&document, "late"), 1).await.unwrap(), Put::Changed);
    assert_ne!(loaded(&store, "quot_a").await.unwrap().0.text, "late");
}

pub async fn save<P: Place>(place: &P) {
    let (store, document) = (place.open(), note("a", DAY));
    assert_eq!(store.accept(&document, 0).await.unwrap(), Put::Done);
    for over in 1..4 {
        one_wins::<P>(&store, &document, over, false).await;
    }
    for over in [0, 1, 3, 9] {
        assert_eq!(store.save(&saying(&document, "late"), over).await.unwrap(), Put::Changed, "{over}");
    }
    assert_ne!(loaded(&store, "quot_a").await.unwrap().0.text, "late");
    // What was removed.
    assert_eq!(store.save(&note("b", DAY), 7).await.unwrap(), Put::Done);
    assert_eq!(loaded(&store, "quot_b").await.unwrap().1, 8);
}

pub async fn claim<P: Place>(place: &P) {
    let store = place.open();
    let winners =
        done(&store, |store, n| async move { store.claim("quot_a", &n.to_string(), MINUTE).await.unwrap() });
    assert_eq!(winners.await.len(), 1);
    assert!(store.claim("quot_b", "another", MINUTE).await.unwrap(), "each document has its own");
}

pub async fn lease<P: Place>(place: &P) {
    let store = place.open();
    let claim = async |worker: &str| store.claim("quot_a", worker, MINUTE).await.unwrap();
    assert!(claim("one").await && !claim("two").await);
    for _ in 0..3 {
        advance(MINUTE / 2).await;
        assert!(claim("one").await, "it is there");
    }
    advance(MINUTE / 2).await;
    assert!(!claim("two").await);
    advance(MINUTE / 2).await;
    assert!(claim("two").await, "the one before is gone");
    assert!(!claim("one").await, "and finds out when it comes back");
    store.release("quot_a", "one").await.unwrap();
    assert!(!claim("three").await, "nobody gives free what is another's");
    store.release("quot_a", "two").await.unwrap();
    assert!(claim("three").await);
}

pub async fn changes<P: Place>(place: &P) {
    let (store, document) = (place.open(), note("a", DAY));
    let mut changes = store.changes("quot_a");
    let mut of_another = store.changes("quot_b");
    for over in 0..3 {
        assert_eq!(store.save(&document, over).await.unwrap(), Put::Done);
        assert_eq!(changes.next().await, Some(()));
        assert_eq!(loaded(&store, "quot_a").await.unwrap().1, over + 1, "it is there when it is told");
    }
    assert_eq!(store.save(&document, 0).await.unwrap(), Put::Changed);
    assert_eq!(store.save(&note("b", DAY), 0).await.unwrap(), Put::Done);
    assert_eq!(of_another.next().await, Some(()));
    drop(store);
    assert_eq!(changes.next().await, None, "nothing else was told");
}

pub async fn marks<P: Place>(place: &P) {
    let store = place.open();
    let mark = async |key: &str, id: &str| store.mark(key, id, MINUTE).await.unwrap();
    assert_eq!(mark("a", "first").await, "first");
    assert_eq!(mark("b", "other").await, "other");
    for _ in 0..3 {
        advance(MINUTE - Duration::from_secs(1)).await;
        assert_eq!(mark("a", "later").await, "first");
    }
    advance(MINUTE + Duration::from_secs(1)).await;
    assert_eq!(mark("a", "later").await, "later");
}

pub async fn list<P: Place>(place: &P) {
    let store = place.open();
    for (id, day, over) in [
        ("old", "2026-01-28", false),
        ("past", "2026-01-28", true),
        ("new", "2026-01-30", false),
        ("done", "2026-01-30", true),
    ] {
        let mut document = note(id, day);
        document.content.over = over;
        assert_eq!(store.accept(&document, 0).await.unwrap(), Put::Done);
    }
    let listed = async |filter: Filter, stop: CancellationToken| {
        let id = |stored: Stored<Note>| Some(stored.document.content.id);
        store.list(filter, stop, id).await.unwrap()
    };
    let unfinished = listed(UNFINISHED, CancellationToken::new()).await;
    assert_eq!(unfinished, ["quot_new", "quot_old"], "the newest day first");
    let since = Some("2026-01-29T00:00:00Z".parse().unwrap());
    let mut recent = listed(Filter { unfinished: true, since }, CancellationToken::new()).await;
    recent.sort();
    assert_eq!(recent, ["quot_done", "quot_new", "quot_old"]);
    let old =
        |stored: Stored<Note>| Some(stored.revision).filter(|_| stored.document.content.id == "quot_old");
    let picked = store.list(UNFINISHED, CancellationToken::new(), old).await;
    assert_eq!(picked.unwrap(), [1]);
    let stopped = CancellationToken::new();
    stopped.cancel();
    assert!(listed(UNFINISHED, stopped).await.is_empty());
}

pub async fn outlives<P: Place>(place: &P) {
    let store = place.open();
    let mut document = note("a", DAY);
    document.head.owner = "laura".to_owned();
    document.head.vendor_sms = Some("+525512345678".to_owned());
    document.head.deadline_at = serde_json::from_value("2026-01-30T10:15:00".into()).unwrap();
    assert_eq!(store.accept(&document, 0).await.unwrap(), Put::Done);
    let document = saying(&document, "second");
    assert_eq!(store.save(&document, 1).await.unwrap(), Put::Done);
    drop(store);
    let store = place.open();
    let found = store.load::<Note>("quot_a").await.unwrap().unwrap();
    assert_eq!((&found.document.content, found.revision), (&document.content, 2));
    let (head, known) = (&found.document.head, &document.head);
    assert_eq!(
        (&head.odoo, &head.tenant, &head.owner, head.deadline_at, &head.vendor_sms),
        (&known.odoo, &known.tenant, &known.owner, known.deadline_at, &known.vendor_sms)
    );
    assert_eq!(store.accept(&document, 0).await.unwrap(), Put::Changed, "nobody accepts it again");
    assert_eq!(store.save(&document, 2).await.unwrap(), Put::Done);
}
