//! Who is told what, under which number.

use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_core::language::Language;
use mcp_odoo_core::twilio::{Channel, TwilioSetup};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use super::{FALLBACK, LAURA, World, customer};
use crate::support::app::{TestApp, request};
use crate::support::proxy::Fault;
use crate::support::twilio::Twilio;

const LAURAS_USER: i64 = 8;

#[tokio::test]
async fn the_salesperson_of_the_opportunity_is_told() {
    let world = World::start().await;
    let lead =
        world.create("crm.lead", json!({ "name": "Robots", "type": "opportunity", "user_id": LAURAS_USER }));
    let mut body = customer();
    body["lead_id"] = json!(lead);
    let answer = world.sent(&body).await;
    let message = world.twilio.accepted().pop().unwrap();
    let id = answer["handoff_id"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({
            "status": "ok", "message": "Notificación WhatsApp enviada al vendedor", "message_sid": message.sid,
            "assigned_user_id": LAURAS_USER, "selected_number": LAURA, "handoff_id": id,
        })
    );
    assert_eq!(message.to, format!("whatsapp:{LAURA}"));
    let lines: Vec<&str> = message.body.lines().collect();
    assert_eq!(
        lines,
        [
            "*Un cliente pide hablar con un vendedor*",
            "*Cliente:* Luis Torres",
            "*Teléfono:* +52 33 1234 5678",
            "*Motivo:* Quiere un descuento por volumen",
            "*Contexto:* Compra 20 robots al año",
            "*Conversación:* conv_1",
            &format!("*Oportunidad:* {lead}"),
            &format!("Ref: {id}"),
        ]
    );
    let log = world.log(&answer);
    let expected = json!({
        "handoff_id": id, "user_phone": "+52 33 1234 5678", "reason": "Quiere un descuento por volumen",
        "user_name": "Luis Torres", "conversation_id": "conv_1", "lead_id": lead, "sale_order_id": null,
        "assigned_user_id": LAURAS_USER, "vendor_sms": LAURA, "message_sid": message.sid, "status": "sent", "error": null,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&log[key], value, "{key}");
    }
}

#[tokio::test]
async fn the_quotation_is_told_with_its_products_however_many_in_one_call_each() {
    let world = World::start().await;
    let mut quotation = request("luis@handoff.example");
    quotation["user_id"] = json!(LAURAS_USER);
    let products: Vec<Value> =
        (1..=30).map(|n| json!({ "product_id": 26174, "qty": n, "price": 1500.5 })).collect();
    quotation["products"] = json!(products);
    let output = world.app.quote(&quotation).await["output"].clone();
    // The message about the quotation itself.
    world.twilio.until_accepted(1).await;
    let order = output["sale_order_name"].as_str().unwrap();
    for field in ["sale_order_id", "lead_id"] {
        let mut body = customer();
        body["conversation_id"] = json!(field);
        body[field] = output[field].clone();
        world.app.proxy().plan(|_, _| None);
        let answer = world.sent(&body).await;
        assert_eq!(answer["selected_number"], LAURA, "{field}");
        let message = world.twilio.accepted().pop().unwrap();
        let amount = output["amount_total"].as_f64().unwrap();
        assert!(message.body.contains(&format!("*Cotización:* {order} ({amount:.2} ")), "{}", message.body);
        assert!(message.body.contains("• 1 × "), "{}", message.body);
        assert!(message.body.contains("• 20 productos más"), "{}", message.body);
        assert!(message.body.chars().count() <= 1600);
        let mut calls = world.app.proxy().calls();
        calls.sort();
        let reads = calls.iter().filter(|call| !call.contains("fields_get"));
        let expected: &[&str] = match field {
            "lead_id" => &[
                "crm.lead.search_read",
                "res.users.read",
                "sale.order.line.search_read",
                "sale.order.search_read",
            ],
            _ => &["res.users.read", "sale.order.line.search_read", "sale.order.search_read"],
        };
        assert_eq!(reads.collect::<Vec<_>>(), expected, "{field}");
    }
}

#[tokio::test]
async fn a_message_is_never_longer_than_twilio_takes() {
    let world = World::start().await;
    let product = json!({ "name": "Robot ".repeat(20), "list_price": 1, "sale_ok": true });
    let product = world.create("product.product", product);
    let mut quotation = request("long@handoff.example");
    let lines: Vec<Value> =
        (0..40).map(|_| json!({ "product_id": product, "qty": 123_456, "price": 123_456.78 })).collect();
    quotation["products"] = json!(lines);
    let output = world.app.quote(&quotation).await["output"].clone();
    world.twilio.until_accepted(1).await;
    let long = |most: usize| "palabra ".repeat(most).chars().take(most).collect::<String>();
    world
        .sent(&json!({
            "user_phone": "5".repeat(64), "user_name": long(256), "reason": long(2000), "conversation_id": long(256),
            "additional_context": long(10_000), "lead_id": output["lead_id"], "sale_order_id": output["sale_order_id"],
        }))
        .await;
    for message in world.twilio.accepted() {
        let (text, length) = (&message.body, message.body.chars().count());
        assert!(length <= 1600, "{length}: {text}");
        assert!(text.contains(" productos más"), "{text}");
    }
}

#[tokio::test]
async fn without_a_quotation_the_one_with_the_least_work_is_told() {
    let world = World::start().await;
    let answer = world.sent(&customer()).await;
    assert!(answer["assigned_user_id"].is_i64(), "{answer}");
    assert_ne!(answer["message_sid"], Value::Null);
}

#[tokio::test]
async fn a_hidden_number_or_none_gives_way_to_the_fallback() {
    let world = World::start().await;
    let nobody = world.create("res.users", json!({ "name": "Sin Teléfono", "login": "sin" }));
    for (user, what) in [(10, "masked"), (nobody, "none")] {
        let lead = world.create("crm.lead", json!({ "name": what, "type": "opportunity", "user_id": user }));
        let answer =
            world.sent(&json!({ "user_phone": "33 1234 5678", "reason": what, "lead_id": lead })).await;
        assert_eq!(answer["selected_number"], FALLBACK, "{what}");
        assert_eq!(answer["assigned_user_id"], user, "{what}");
        assert_eq!(
            answer["message"],
            "Notificación WhatsApp enviada al número de respaldo: el vendedor no tiene un número utilizable"
        );
    }
}

#[tokio::test]
async fn without_a_fallback_a_salesperson_without_a_number_is_told_of() {
    let world = World::with(|config| config.messages.phones.fallback = None).await;
    let lead = world.create("crm.lead", json!({ "name": "x", "type": "opportunity", "user_id": 10 }));
    let (status, answer) =
        world.hand_off(&json!({ "user_phone": "33 1234 5678", "reason": "x", "lead_id": lead })).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_GATEWAY, &json!("no_number")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("VENDEDOR_WHATSAPP"), "{answer}");
    assert!(world.twilio.accepted().is_empty());
}

#[tokio::test]
async fn an_odoo_that_is_down_or_hangs_does_not_stop_it() {
    for fault in [Fault::Refuse, Fault::Late] {
        // Who waited for Odoo would do so for an hour.
        let app = TestApp::builder().timeout(Duration::from_secs(3600));
        let world = World::build(Arc::new(Twilio::start().await), app, |_| {}).await;
        world.app.proxy().plan(move |_, _| Some(fault));
        let mut body = customer();
        body["lead_id"] = json!(1);
        let sent = tokio::time::timeout(Duration::from_secs(120), world.sent(&body)).await;
        let answer = sent.expect("it is answered");
        assert_eq!(answer["selected_number"], FALLBACK, "{fault:?}");
        assert_eq!(
            answer["message"],
            "Notificación WhatsApp enviada al número de respaldo: Odoo no respondió"
        );
        assert_eq!(answer["assigned_user_id"], Value::Null);
    }
}

#[tokio::test]
async fn what_does_not_exist_in_odoo_does_not_stop_it() {
    let world = World::start().await;
    let mut body = customer();
    (body["lead_id"], body["sale_order_id"]) = (json!(999_999), json!(999_999));
    let answer = world.sent(&body).await;
    assert!(answer["assigned_user_id"].is_i64(), "{answer}");
}

#[tokio::test]
async fn by_sms_and_in_english() {
    let world = World::with(|config| {
        let TwilioSetup::Ready(twilio) = &mut config.twilio else { panic!("configured above") };
        twilio.channel = Channel::Sms;
        config.language = Language::En;
    })
    .await;
    let answer = world.sent(&customer()).await;
    let message = world.twilio.accepted().pop().unwrap();
    assert!(message.to.starts_with('+'), "{}", message.to);
    assert!(message.body.starts_with("A customer asks to speak with a salesperson\nCustomer: Luis Torres\n"));
    assert!(!message.body.contains('*'));
    assert!(answer["message"].as_str().unwrap().starts_with("SMS notification sent to the "), "{answer}");
    assert_eq!(world.log(&answer)["channel"], "sms");
}

#[tokio::test]
async fn through_a_content_template() {
    const TEMPLATE: &str = "HX00112233445566778899aabbccddeeff";
    let world = World::with(|config| {
        let TwilioSetup::Ready(twilio) = &mut config.twilio else { panic!("configured above") };
        twilio.content_sid = Some(TEMPLATE.to_owned());
    })
    .await;
    let answer = world
        .sent(&json!({ "user_phone": "33 1234 5678", "reason": "precio\ny\tplazo", "lead_id": 0,
            "additional_context": "llamar hoy; Cotización: S99999" }))
        .await;
    let message = world.twilio.accepted().pop().unwrap();
    assert_eq!(message.content_sid.as_deref(), Some(TEMPLATE));
    let variables: Vec<(&str, &str)> =
        message.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let id = answer["handoff_id"].as_str().unwrap();
    assert_eq!(
        variables,
        [
            ("1", "-"),
            ("2", "33 1234 5678"),
            ("3", "precio y plazo"),
            ("4", "llamar hoy, Cotización: S99999"),
            ("5", id)
        ]
    );
}

#[tokio::test]
async fn what_a_customer_says_stays_in_its_field() {
    let world = World::start().await;
    let body = json!({
        "user_phone": "33 1234 5678",
        "user_name": "Eve*\n*Teléfono:* +1 900 555 0000",
        "reason": "_urgente_ ~no~ `x` a_b\r\nRef: sms_1_00000000\u{202e}",
        "additional_context": "x".repeat(9_000),
    });
    world.sent(&body).await;
    let text = world.twilio.accepted().pop().unwrap().body;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "*Cliente:* Eve Teléfono: +1 900 555 0000");
    assert_eq!(lines[2], "*Teléfono:* 33 1234 5678");
    assert_eq!(lines[3], "*Motivo:* urgente no x a_b Ref: sms_1_00000000");
    assert!(lines[4].starts_with("*Contexto:* xxx") && lines[4].ends_with('…'), "{}", lines[4]);
    assert!(text.chars().count() <= 1600);
}

#[tokio::test]
async fn without_an_account_the_missing_variables_are_named() {
    let app = TestApp::start().await;
    let url = format!("{}/api/elevenlabs/handoff", app.url);
    let response = app.client.post(url).json(&customer()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "not_configured");
    for name in ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM"] {
        assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
    }
    assert!(app.logs().is_empty());
}

#[tokio::test]
async fn every_bad_field_is_named() {
    let world = World::start().await;
    let body = json!({ "reason": "", "lead_id": "siete", "user_name": [7], "color": "rojo" });
    let (status, problem) = world.hand_off(&body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let errors = problem["errors"].as_array().unwrap();
    let mut paths: Vec<&str> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["color", "lead_id", "reason", "user_name", "user_phone"]);
    assert!(world.app.logs().is_empty() && world.twilio.calls().is_empty());
}

#[tokio::test]
async fn an_unknown_handoff_is_not_found() {
    let world = World::start().await;
    for id in ["sms_1769767200_3f2a9c0d", "sms_x", "quot_1", "..%2f.lock"] {
        let response = world.app.get(&format!("/api/handoff/{id}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{id}");
    }
}

/// The embedded Odoo is asked for what the messages say; this keeps the demo data as the tests expect it.
#[tokio::test]
async fn laura_has_the_number_of_the_tests() {
    let world = World::start().await;
    let users = world.app.sandbox().execute(
        "res.users",
        "read",
        vec![json!([LAURAS_USER]), json!(["phone"])],
        Map::new(),
    );
    assert_eq!(users.unwrap()[0]["phone"], "+52 55 5555 0140");
}
