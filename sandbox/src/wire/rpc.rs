//! The services `common`, `object` and `db`, which XML-RPC and JSON-RPC share.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::error::{Error, Exception};
use crate::methods::Style;
use crate::users::check_database;
use crate::{DATABASE, Sandbox};

/// Answers one call of a service.
pub(super) async fn dispatch(
    sandbox: &Sandbox,
    service: &str,
    method: &str,
    args: Vec<Value>,
) -> Result<Value, Error> {
    match (service, method) {
        ("common", "version") => Ok(version(sandbox)),
        ("common", "authenticate" | "login") => authenticate(sandbox, &args),
        ("object", "execute_kw" | "execute") => {
            let call = object_call(sandbox, method, args)?;
            sandbox.call(call).await
        }
        ("db", "list") => Ok(json!([DATABASE])),
        ("db", "db_exist") => Ok(json!(args.first().is_some_and(|name| name == DATABASE))),
        ("db", "server_version") => Ok(json!(sandbox.version().full())),
        ("common" | "object" | "db", _) => {
            Err(Error::new(Exception::Attribute, format!("Method not found: {method}")))
        }
        _ => Err(Error::new(Exception::NotFound, format!("Unknown service: {service}"))),
    }
}

/// What `version` answers.
pub(super) fn version(sandbox: &Sandbox) -> Value {
    let version = sandbox.version();
    json!({
        "server_version": version.full(),
        "server_version_info": [version.major(), 0, 0, "final", 0, ""],
        "server_serie": version.series(),
        "protocol_version": 1,
    })
}

fn authenticate(sandbox: &Sandbox, args: &[Value]) -> Result<Value, Error> {
    let [database, login, password, ..] = args else {
        return Err(Error::new(Exception::Type, "exp_authenticate() missing required positional arguments"));
    };
    check_database(sandbox.language(), database)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let uid = sandbox.database().authenticate(&text(login), &text(password));
    Ok(uid.map_or(json!(false), |uid| json!(uid)))
}

fn object_call(sandbox: &Sandbox, method: &str, args: Vec<Value>) -> Result<Call, Error> {
    let short = || Error::new(Exception::Type, format!("{method}() missing required positional arguments"));
    let mut args = args.into_iter();
    let mut next = || args.next().ok_or_else(short);
    let (database, uid, password, model, name) = (next()?, next()?, next()?, next()?, next()?);
    check_database(sandbox.language(), &database)?;
    let uid = uid.as_i64().unwrap_or_default();
    if !sandbox.database().knows(uid, password.as_str().unwrap_or_default()) {
        return Err(Error::access_denied());
    }
    let (positional, named) = if method == "execute" {
        (args.collect(), Map::new())
    } else {
        let positional = args.next().and_then(|list| list.as_array().cloned()).unwrap_or_default();
        let named = args.next().and_then(|members| members.as_object().cloned()).unwrap_or_default();
        (positional, named)
    };
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Call { uid, model: text(model), method: text(name), positional, named, style: Style::Positional })
}
