//! Far more quotations than a slow Odoo takes: what is refused, what is finished, and how polls fare meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Scale;
use super::load::{Connection, Load, get, post};
use super::process::{Server, odoo_env};
use super::quotation::{make, request};
use super::report::{Report, Row};

/// Small, so that what is accepted is finished soon.
const CAPACITY: usize = 100;
const POSTS: u32 = 5000;
const POSTING: Duration = Duration::from_secs(10);
const POLLS_PER_SECOND: u32 = 200;

pub async fn run(scale: Scale, report: &mut Report) {
    let share = if scale.quick { 10 } else { 1 };
    let (posts, posting) = (POSTS / share, POSTING / share);
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "2000")]).await;
    let url = odoo.url();
    let capacity = CAPACITY.to_string();
    let more = [("QUEUE_CAPACITY", capacity.as_str()), ("ODOO_MAX_CONCURRENCY", "64")];
    let server = Server::product(&[odoo_env(&url), more.to_vec()].concat()).await;
    // One that knows its Odoo: what it tells right after a start is a guess.
    let mut first = server.connect().await;
    let polled = make(&mut first, &post("/api/quotation/async", "", &request(2, 26174))).await;
    let polled = get(&format!("/api/quotation/status/{polled}"));

    let accepted = Arc::new(Mutex::new(Vec::new()));
    let waits = Arc::new(Mutex::new(Vec::new()));
    let post_one = {
        let (accepted, waits) = (Arc::clone(&accepted), Arc::clone(&waits));
        move |mut connection: Connection| {
            let (accepted, waits) = (Arc::clone(&accepted), Arc::clone(&waits));
            async move {
                let answer = connection.ask(&post("/api/quotation/async", "", &request(2, 26174))).await;
                let status = answer.status;
                match status {
                    202 => {
                        accepted.lock().await.push(answer.json()["tracking_id"].as_str().unwrap().to_owned())
                    }
                    _ => {
                        let wait = answer.header("retry-after").unwrap().parse().unwrap();
                        waits.lock().await.push((Instant::now(), Duration::from_secs(wait)));
                    }
                }
                (connection, status)
            }
        }
    };
    let poll = move |mut connection: Connection| {
        let polled = polled.clone();
        async move {
            let status = connection.ask(&polled).await.status;
            (connection, status)
        }
    };
    let (posted, polls) = tokio::join!(
        paced(&server, posts, posting, post_one),
        paced(&server, POLLS_PER_SECOND * 10 / share, posting, poll),
    );
    polls.assert_only(200);
    let refused = posted.count(503);
    assert_eq!(posted.count(202) + refused, posts as usize, "{:?}", posted.statuses);
    let name = format!("polls' p99 while {posts} quotations come in {} s, Odoo at 2 s", posting.as_secs());
    report.add(Row::new(name, polls.percentile(99), "ms").at_most(20.0));
    let ids = accepted.lock().await.clone();
    let ended = ends(&server, &ids).await;
    let remark = format!("{refused} refused with 503; queue of {CAPACITY}; all accepted ones must complete");
    let row = Row::new("of these accepted", ids.len() as f64, "").beside("completed", ended.len() as f64);
    // While it is full, each place is given away as it becomes free.
    report.add(row.target("all completed", ended.len() == ids.len()).remark(remark));
    report.add(honesty(&waits.lock().await, ended));
}

/// How often there was a place when those who were refused were told to come back.
fn honesty(told: &[(Instant, Duration)], mut ended: Vec<Instant>) -> Row {
    ended.sort_unstable();
    let mut ratios: Vec<f64> = told
        .iter()
        .filter_map(|(at, wait)| {
            let free = ended.iter().find(|end| *end > at)?.duration_since(*at);
            Some(wait.as_secs_f64() / free.as_secs_f64())
        })
        .collect();
    let kept = ratios.iter().filter(|ratio| **ratio >= 1.0).count();
    ratios.sort_by(f64::total_cmp);
    let at = |percent: usize| ratios.get(ratios.len() * percent / 100).copied().unwrap_or(f64::NAN);
    let longest = told.iter().map(|(_, wait)| wait.as_secs()).max().unwrap_or(0);
    let remark = format!(
        "told to wait {:.2} times (p10) to {:.2} times (p90) as long as until the next place was free, {longest} s at most",
        at(10),
        at(90)
    );
    let share = 100.0 * kept as f64 / told.len().max(1) as f64;
    Row::new("Retry-After: a place was free by then", share, "%").remark(remark)
}

/// So many requests evenly over this time, each on time whatever became of the one before.
async fn paced<F: Future<Output = (Connection, u16)> + Send + 'static>(
    server: &Server,
    count: u32,
    time: Duration,
    ask: impl Fn(Connection) -> F,
) -> Load {
    let free = Arc::new(Mutex::new(Vec::new()));
    let started = Instant::now();
    let mut asking = Vec::new();
    for number in 0..count {
        tokio::time::sleep_until((started + time * number / count).into()).await;
        let kept = free.lock().await.pop();
        let connection = match kept {
            Some(connection) => connection,
            None => server.connect().await,
        };
        let (asked, free, answer) = (Instant::now(), Arc::clone(&free), ask(connection));
        asking.push(tokio::spawn(async move {
            let (connection, status) = answer.await;
            free.lock().await.push(connection);
            (asked.elapsed(), status)
        }));
    }
    let (mut times, mut statuses) = (Vec::new(), BTreeMap::new());
    for asked in asking {
        let (time, status) = asked.await.unwrap();
        times.push(time);
        *statuses.entry(status).or_insert(0) += 1;
    }
    Load::of(times, statuses, started.elapsed())
}

/// When these end as they should: none does before this is called, since each takes five times two seconds.
async fn ends(server: &Server, ids: &[String]) -> Vec<Instant> {
    let ends = ids.iter().map(async |id| {
        let mut connection = server.connect().await;
        let events = connection.ask(&get(&format!("/api/quotation/events/{id}"))).await;
        String::from_utf8_lossy(events.body).contains("\"status\":\"completed\"").then(Instant::now)
    });
    futures::future::join_all(ends).await.into_iter().flatten().collect()
}
