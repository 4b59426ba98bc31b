//! Exceptions inside Odoo as the wire carries them: tracebacks stay behind, the class is the same on all protocols.

use std::time::Duration;

use mcp_odoo_core::odoo::{
    Call, OdooError, Protocol, ProtocolChoice, Record,
    wire::{Answer, Credentials},
};
use serde_json::{Value, json};

use super::peer::{self, client, json_answer};

const HEAD: &str = "Traceback (most recent call last):\n  File \"/opt/odoo/http.py\", line 7, in dispatch\n    return self.env[\"x\"]\n           ~~~~~~~~^^^^^\n";

const CREDENTIALS: Credentials<'static> = Credentials { database: "db", secret: "s3cr3t-word" };

fn decoded(protocol: Protocol, status: u16, body: String) -> Result<Value, OdooError> {
    protocol.decode(&Answer { status, content_type: String::new(), location: None, body: body.into_bytes() })
}

/// The same exception as each protocol carries it.
fn on_all(name: &str, message: &str) -> [OdooError; 3] {
    let data = json!({"name": name, "message": message, "debug": format!("{HEAD}{name}: {message}")});
    let class = name.trim_start_matches("builtins.");
    let (code, text) = match class {
        "odoo.exceptions.UserError" | "odoo.exceptions.MissingError" => (2, message.to_owned()),
        "odoo.exceptions.AccessDenied" => (3, message.to_owned()),
        "odoo.exceptions.AccessError" => (4, message.to_owned()),
        _ => (
            1,
            format!(
                "{HEAD}KeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n{HEAD}{class}: {message}\n"
            ),
        ),
    };
    let fault = dxr::FaultResponse { fault: dxr::Fault::new(code, text) }.to_xml().unwrap();
    let rpc = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": data}});
    [
        decoded(Protocol::Json2, 500, data.to_string()).unwrap_err(),
        decoded(Protocol::JsonRpc, 200, rpc.to_string()).unwrap_err(),
        decoded(Protocol::XmlRpc, 200, fault).unwrap_err(),
    ]
}

#[test]
fn an_exception_has_one_class_on_all_protocols() {
    const UNIQUE: &str = "duplicate key value violates unique constraint";
    let cases = [
        (
            "psycopg2.errors.SerializationFailure",
            "could not serialize access due to concurrent update",
            "odoo_conflict",
        ),
        ("psycopg2.errors.DeadlockDetected", "deadlock detected\nDETAIL:  Process 1 waits", "odoo_conflict"),
        ("psycopg2.errors.LockNotAvailable", "could not obtain lock on row", "odoo_conflict"),
        (
            "psycopg2.errors.UniqueViolation",
            &format!("{UNIQUE} \"ir_model_data_module_name_uniq_index\""),
            "odoo_conflict",
        ),
        (
            "psycopg2.errors.UniqueViolation",
            &format!("{UNIQUE} \"res_users_login_key\""),
            "odoo_validation_error",
        ),
        ("psycopg2.OperationalError", "FATAL:  sorry, too many clients already", "odoo_connection_lost"),
        (
            "psycopg2.OperationalError",
            "FATAL:  lo siento, ya tenemos demasiados clientes",
            "odoo_connection_lost",
        ),
        (
            "psycopg2.errors.SerializationFailure",
            "no se pudo serializar el acceso debido a un update concurrente",
            "odoo_conflict",
        ),
        // A text that only sounds like one decides nothing.
        ("odoo.exceptions.UserError", "could not serialize access: ask Ana", "odoo_validation_error"),
        ("psycopg2.pool.PoolError", "The Connection Pool Is Full", "odoo_overloaded"),
        ("builtins.ZeroDivisionError", "float division by zero", "odoo_server_error"),
        ("builtins.TypeError", "search() got an unexpected keyword argument 'nope'", "odoo_unknown_name"),
        (
            "builtins.TypeError",
            "search() missing 1 required positional argument: 'domain'",
            "odoo_validation_error",
        ),
        ("builtins.TypeError", "'bool' object is not iterable", "odoo_server_error"),
        ("builtins.AttributeError", "'NoneType' object has no attribute 'id'", "odoo_server_error"),
        ("builtins.ValueError", "Wrong value for sale.order.state: 'x'", "odoo_validation_error"),
        ("odoo.exceptions.UserError", "Primero debe cancelarlo.", "odoo_validation_error"),
        (
            "odoo.exceptions.MissingError",
            "El registro no existe.\n(Registro: res.partner(7, 8), Usuario: 2)",
            "odoo_missing_record",
        ),
        ("odoo.exceptions.AccessDenied", "Access Denied", "odoo_access_denied"),
        ("odoo.exceptions.AccessError", "No puede.", "odoo_access_error"),
    ];
    for (name, message, code) in cases {
        let errors = on_all(name, message);
        for error in &errors {
            assert_eq!(error.code(), code, "{name}: {message}: {error:?}");
            for text in [error.to_string(), format!("{error:?}")] {
                assert!(
                    !["Traceback", "/opt/odoo", "KeyError", "During"].iter().any(|it| text.contains(it)),
                    "{text}"
                );
            }
        }
        assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    }
}

#[test]
fn a_failure_of_the_database_passes() {
    let overloaded = [
        ("errors.CannotConnectNow", "el sistema de base de datos está iniciándose"),
        ("errors.QueryCanceled", "cancelando la sentencia debido a que se agotó el tiempo de espera"),
        ("errors.ReadOnlySqlTransaction", "no se puede ejecutar INSERT en una transacción de sólo lectura"),
        ("errors.TooManyConnections", "demasiadas conexiones"),
        ("pool.PoolError", "The Connection Pool Is Full"),
    ];
    // No text tells in every language whether a commit was cut off.
    let cut = [
        ("OperationalError", "FATAL:  the database system is shutting down"),
        ("OperationalError", "could not connect to server: Connection refused\n\tIs the server running?"),
        ("OperationalError", "FATAL:  database \"x\" does not exist"),
        ("OperationalError", "FATAL:  no existe la base de datos «x»"),
        ("OperationalError", "server closed the connection unexpectedly\n\tThis probably means"),
        ("DatabaseError", "el servidor cerró la conexión inesperadamente"),
        ("OperationalError", "SSL SYSCALL error: EOF detected"),
        ("InterfaceError", "connection already closed"),
        ("InterfaceError", "Cursor already closed"),
        ("errors.AdminShutdown", "terminando la conexión debido a una orden del administrador"),
        ("errors.CrashShutdown", "terminating connection because of crash of another server process"),
    ];
    let groups = [("odoo_overloaded", &overloaded[..]), ("odoo_connection_lost", &cut)];
    for (code, cases) in groups {
        for (class, message) in cases {
            let errors = on_all(&format!("psycopg2.{class}"), message);
            assert!(errors.iter().all(|error| error.code() == code), "{class}: {message}: {errors:?}");
        }
    }
}

#[test]
fn a_traceback_in_a_message_stays_behind() {
    let [first, ..] = on_all("builtins.RuntimeError", &format!("{HEAD}RuntimeError: inside"));
    assert_eq!(first, OdooError::Server("RuntimeError: RuntimeError: inside".to_owned()));
    let bare =
        dxr::FaultResponse { fault: dxr::Fault::new(1, format!("{HEAD}AssertionError")) }.to_xml().unwrap();
    let error = decoded(Protocol::XmlRpc, 200, bare).unwrap_err();
    assert_eq!(error, OdooError::Server("AssertionError".to_owned()));
}

#[tokio::test]
async fn a_refused_import_is_for_good_only_where_it_names_a_field() {
    const INVALID: &str = "odoo_validation_error";
    const UNEXPLAINED: &str = "odoo_unexplained_import";
    let cases = [
        (json!([{"message": "could not serialize access due to concurrent update\n"}]), UNEXPLAINED),
        (
            json!([{"message": "no se pudo serializar el acceso debido a un update concurrente\n"}]),
            UNEXPLAINED,
        ),
        (json!([{"message": "server closed the connection unexpectedly\n"}]), UNEXPLAINED),
        (json!([{"message": "No puede asignar esto a otra persona"}]), UNEXPLAINED),
        (json!([]), UNEXPLAINED),
        (
            json!([{"message": "no se pudo"}, {"type": "warning", "field": "name", "message": "Raro"}]),
            UNEXPLAINED,
        ),
        (
            json!([{"type": "error", "field": "user_id", "message": "No se han encontrado registros"}]),
            INVALID,
        ),
        (json!([{"message": "otro"}, {"field": "name", "message": "could not serialize access"}]), INVALID),
    ];
    for (messages, code) in cases {
        let error = import(&messages).await;
        assert_eq!((error.code(), error.outcome_unknown()), (code, false), "{messages}");
    }
    let said =
        json!([{"message": "No such product\n"}, {"message": "No such product"}, {"message": "Bad number"}]);
    assert_eq!(import(&said).await, OdooError::Unexplained("No such product\nBad number".to_owned()));
}

/// What comes of an import that Odoo answers with these messages.
async fn import(messages: &Value) -> OdooError {
    let body = json!({"jsonrpc": "2.0", "id": 1, "result": {"ids": false, "messages": messages}});
    let peer = peer::odoo(move |_| json_answer(&body)).await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    let rows = vec![vec!["m.x".to_owned()]];
    let error = odoo.load("sale.order", &["id"], rows, json!({"lang": "es_MX"})).await.unwrap_err();
    let sent = peer.received().last().unwrap().json();
    assert_eq!(sent.pointer("/params/args/6"), Some(&json!({"context": {"lang": "es_MX"}})));
    error
}

#[tokio::test]
async fn what_odoo_says_is_bounded_and_cannot_steer_a_terminal() {
    let text = format!("Malo:\u{1b}[2J\u{7}\tsí\n{}", "é".repeat(2_000_000));
    let mut errors = on_all("odoo.exceptions.UserError", &text).to_vec();
    errors.extend(on_all("builtins.RuntimeError", &text.replace('\n', " ")));
    errors.extend(on_all("odoo.exceptions.AccessError", &text));
    errors.push(import(&json!([{"message": text}])).await);
    for error in errors {
        let said = error.to_string();
        assert!(said.contains("Malo:") && said.ends_with('…'), "{said}");
        assert!(said.chars().count() < 600 && !said.contains(['\u{1b}', '\u{7}', '\t']), "{said:?}");
    }
}

#[test]
fn an_answer_that_xml_cannot_carry_is_the_answer_of_a_call_that_was_done() {
    let fault = |text: &str| {
        let fault = dxr::Fault::new(1, format!("{HEAD}{text}\n"));
        decoded(Protocol::XmlRpc, 200, dxr::FaultResponse { fault }.to_xml().unwrap())
    };
    for done in ["None unless allow_none is enabled", "<class 'odoo.api.mail.activity'> objects"] {
        assert_eq!(fault(&format!("TypeError: cannot marshal {done}")), Ok(Value::Null), "{done}");
    }
    for other in
        ["ValueError: cannot marshal None unless allow_none is enabled", "TypeError: cannot marshal it"]
    {
        assert!(fault(other).is_err(), "{other}");
    }
}

#[test]
fn xml_carries_large_numbers_and_no_control_characters() {
    let values = json!({"name": "Ana\u{0}\u{8} <&> Peña \u{1F600}\n", "big": 3_000_000_000_i64, "none": null, "price": 0.1});
    let call = Call::new("res.partner", "create").arg("vals_list", values);
    let sent = Protocol::XmlRpc.encode(CREDENTIALS, 2, &call).unwrap();
    let sent = dxr::MethodCall::from_xml(std::str::from_utf8(&sent.body).unwrap()).unwrap();
    let Some(dxr::Value::Array(args)) = sent.params.get(5) else { panic!("{sent:?}") };
    let echo = dxr::MethodResponse { value: args[0].clone() }.to_xml().unwrap();
    let expected =
        json!({"name": "Ana <&> Peña \u{1F600}\n", "big": 3_000_000_000_i64, "none": null, "price": 0.1});
    assert_eq!(decoded(Protocol::XmlRpc, 200, echo), Ok(expected));
    let too_large = Call::new("res.partner", "search").arg("domain", u64::MAX);
    assert!(matches!(Protocol::XmlRpc.encode(CREDENTIALS, 2, &too_large), Err(OdooError::Validation(_))));
}

#[test]
fn xml_nested_without_end_is_refused() {
    let deep = "<value><array><data>".repeat(200_000);
    let error = decoded(Protocol::XmlRpc, 200, format!("<methodResponse><params><param>{deep}")).unwrap_err();
    assert!(matches!(error, OdooError::Malformed(_)));
}

#[test]
fn a_name_cannot_lead_json2_elsewhere() {
    for name in ["../../web/session/destroy", "res.partner/search?", ""] {
        for call in [Call::new(name, "search"), Call::new("res.partner", name)] {
            assert!(matches!(Protocol::Json2.encode(CREDENTIALS, 2, &call), Err(OdooError::Unknown(_))));
        }
    }
}

#[test]
fn a_record_reads_false_as_empty_and_refuses_wrong_types() {
    let fields = json!({
        "id": 7, "name": "S1", "note": false, "partner_id": [3, "Ana"], "team_id": false, "amount": 2, "active": false,
        "order_line": [1, 2], "bad": [1], "sent": true,
    });
    let record = Record::try_from(fields).unwrap();
    assert_eq!((record.id(), record.text("name"), record.text("note")), (Ok(7), Ok(Some("S1")), Ok(None)));
    assert_eq!((record.many2one("partner_id"), record.many2one("team_id")), (Ok(Some((3, "Ana"))), Ok(None)));
    assert_eq!(
        (record.float("amount"), record.int("amount"), record.int("absent")),
        (Ok(Some(2.0)), Ok(Some(2)), Ok(None))
    );
    assert_eq!(
        (record.bool("active"), record.bool("sent"), record.ids("order_line")),
        (Ok(false), Ok(true), Ok(vec![1, 2]))
    );
    assert_eq!(record.ids("note"), Ok(vec![]));
    for wrong in [
        record.text("id").err(),
        record.many2one("bad").err(),
        record.int("name").err(),
        record.bool("name").err(),
    ] {
        assert!(matches!(wrong, Some(OdooError::Malformed(_))));
    }
    assert!(Record::try_from(json!({})).unwrap().id().is_err());
}

#[test]
fn every_class_says_whether_to_try_again_and_whether_it_may_have_happened() {
    let text = String::new;
    let cases = [
        (OdooError::Unreachable(text()), "odoo_unreachable", true, false),
        (OdooError::TimedOut(Duration::ZERO), "odoo_timeout", true, true),
        (OdooError::Gateway(502), "odoo_gateway_error", true, true),
        (OdooError::ConnectionLost(text()), "odoo_connection_lost", true, true),
        (OdooError::Overloaded(text()), "odoo_overloaded", true, false),
        (OdooError::Conflict(text()), "odoo_conflict", true, false),
        (OdooError::AccessDenied(text()), "odoo_access_denied", false, false),
        (OdooError::AccessError(text()), "odoo_access_error", false, false),
        (OdooError::Validation(text()), "odoo_validation_error", false, false),
        (OdooError::Unexplained(text()), "odoo_unexplained_import", true, false),
        (OdooError::MissingRecord(text()), "odoo_missing_record", false, false),
        (OdooError::Unknown(text()), "odoo_unknown_name", false, false),
        (OdooError::Server(text()), "odoo_server_error", false, true),
        (OdooError::Malformed(text()), "odoo_malformed_answer", true, true),
    ];
    for (error, code, transient, unknown) in cases {
        assert_eq!((error.code(), error.is_transient(), error.outcome_unknown()), (code, transient, unknown));
    }
}
