//! Every call of a quotation fails once, in every way: there is one quotation all the same.

use std::time::Duration;

use futures::{StreamExt, stream};
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Language;
use serde_json::Value;

use super::app::Odoo;
use super::odoo::Made;
use super::proxy::Fault;

/// Cases that wait at once.
const AT_ONCE: usize = 3;
/// Whose quotation it is.
pub const EMAIL: &str = "luis@fault.example";

/// A service that can be asked for a quotation.
pub trait Quoter: Sized {
    /// A fresh one, whose calls to an Odoo of this language take this long at most.
    async fn start(protocol: ProtocolChoice, language: Language, timeout: Duration) -> Self;
    fn odoo(&self) -> &Odoo;
    /// Asks for a quotation and gives its final status.
    async fn quote(&self, request: &Value) -> Value;
    async fn end(self);
}

/// Runs one quotation with one fault; gives the number of calls it took.
async fn run(
    service: &impl Quoter,
    body: &Value,
    lines: &[(i64, f64, f64)],
    fault: Option<(usize, Fault)>,
) -> usize {
    let odoo = service.odoo();
    odoo.proxy.plan(move |n, _| fault.filter(|(at, _)| *at == n).map(|(_, fault)| fault));
    let status = service.quote(body).await;
    let context = format!("{fault:?}: {:?}", odoo.proxy.calls());
    assert_eq!(status["status"], "completed", "{context}: {status}");
    let made = Made::by_email(&odoo.sandbox, EMAIL);
    made.assert_exactly_once(lines, &context);
    let output = &status["output"];
    assert_eq!(output["sale_order_name"], made.orders[0]["name"], "{context}");
    assert_eq!(output["lead_id"], made.leads[0]["id"], "{context}");
    assert_eq!(output["partner_id"], made.partners[0]["id"], "{context}");
    assert_eq!(output["products_added"].as_array().unwrap().len(), lines.len(), "{context}");
    odoo.proxy.calls().len()
}

/// The sweep over one protocol with a request of [`EMAIL`] and the lines it makes. A fresh service for each fault, so that log-in and shared reading are swept, too.
pub async fn sweep<Q: Quoter>(
    protocol: ProtocolChoice,
    language: Language,
    body: &Value,
    lines: &[(i64, f64, f64)],
) {
    // A busy machine must not add calls to the count.
    let patient = Q::start(protocol, language, Duration::from_secs(30)).await;
    let calls = run(&patient, body, lines, None).await;
    assert!(calls >= 9, "a first quotation takes {calls} calls, log-in included");
    let cases = Fault::ALL.into_iter().flat_map(|fault| (1..=calls).map(move |n| (n, fault)));
    let case = async |(n, fault): (usize, Fault)| {
        let service = Q::start(protocol, language, fault.timeout()).await;
        let taken = run(&service, body, lines, Some((n, fault))).await;
        assert!(taken > calls, "{fault:?} at {n} did not happen");
        service.end().await;
    };
    stream::iter(cases).for_each_concurrent(AT_ONCE, case).await;
    println!("{protocol:?}, {language:?}: {} faults at each of {calls} calls", Fault::ALL.len());
}
