//! 300 quotations with faults mixed, eight at a time, each posted twice with its key.

use std::sync::Mutex;
use std::time::Duration;

use futures::{StreamExt, stream};
use mcp_odoo_sandbox::{Language, Options};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

const QUOTATIONS: usize = 300;

struct Wanted {
    email: String,
    lines: Vec<(i64, f64, f64)>,
}

/// One to six lines at given prices; two in three quotations share their customer with nobody.
fn wanted(random: &mut fastrand::Rng, number: usize) -> Wanted {
    const PRODUCTS: [i64; 4] = [26174, 1, 2, 3];
    let lines = (0..random.usize(1..=6)).map(|_| {
        let product = PRODUCTS[random.usize(..PRODUCTS.len())];
        (product, f64::from(random.u32(1..=9)), f64::from(random.u32(1..=400)) / 4.0)
    });
    Wanted { email: format!("random.{number}@fault.example"), lines: lines.collect() }
}

fn body(wanted: &Wanted) -> Value {
    let products: Vec<Value> = wanted
        .lines
        .iter()
        .map(|(id, qty, price)| json!({ "product_id": id, "qty": qty, "price": price }))
        .collect();
    json!({
        "partner_name": "Cliente", "contact_name": "Contacto", "email": wanted.email, "phone": "55 1234",
        "lead_name": "Cotización", "products": products,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_quotation_is_made_once() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let quotations: Vec<Wanted> = (0..QUOTATIONS).map(|number| wanted(&mut random, number)).collect();
    let language = if random.bool() { Language::English } else { Language::Spanish };
    let options = Options { language, ..Options::default() };
    let app = TestApp::builder().sandbox(options).timeout(Duration::from_millis(300)).start().await;
    let faults = Mutex::new(random.fork());
    app.proxy().plan(move |_, _| {
        let mut random = faults.lock().unwrap();
        // Late answers cost the most time, so they come less often.
        match random.u32(0..100) {
            0..2 => Some(Fault::Late),
            2..20 => Some(Fault::ALL[random.usize(..Fault::ALL.len())]).filter(|fault| *fault != Fault::Late),
            _ => None,
        }
    });
    let app = &app;
    stream::iter(&quotations)
        .for_each_concurrent(8, async |wanted| {
            let (body, key) = (body(wanted), format!("key of {}", wanted.email));
            let (first, again) =
                tokio::join!(app.accepted(&body, Some(&key)), app.accepted(&body, Some(&key)));
            assert_eq!(first, again, "one key, two quotations (seed {seed})");
            let status = app.finished(&first).await;
            assert_eq!(status["status"], "completed", "{status} (seed {seed})");
            Made::by_email(app.sandbox(), &wanted.email)
                .assert_exactly_once(&wanted.lines, &format!("{} (seed {seed})", wanted.email));
        })
        .await;
}
