//! Where the keys are found, and where they are not looked for.

use mcp_odoo_core::access::oauth::TokenError;
use serde_json::json;

use super::keys::Key;
use super::server::Server;

#[tokio::test]
async fn metadata_is_found_in_each_of_its_places() {
    let key = Key::p256("1");
    for (path, place) in [
        ("", "/.well-known/oauth-authorization-server"),
        ("", "/.well-known/openid-configuration"),
        ("/", "/.well-known/openid-configuration"),
        ("/realms/a", "/.well-known/oauth-authorization-server/realms/a"),
        ("/realms/a", "/.well-known/openid-configuration/realms/a"),
        ("/realms/a", "/realms/a/.well-known/openid-configuration"),
    ] {
        let server = Server::start_at(path, place, &[&key]).await;
        let verified = server.verifier().verify(&key.token(&server.claims())).await;
        assert!(verified.is_ok(), "{path} {place}: {verified:?}");
    }
}

#[tokio::test]
async fn metadata_of_others_is_not_believed() {
    let key = Key::p256("1");
    let own = |server: &Server| server.issuer.clone();
    for change in [
        |_: &Server| json!({ "issuer": "https://evil.example" }),
        |server: &Server| json!({ "issuer": format!("{}/", server.issuer) }),
        |_: &Server| json!({ "issuer": null }),
        |_: &Server| json!({ "jwks_uri": null }),
        |_: &Server| json!({ "jwks_uri": "http://198.51.100.7/keys" }),
        |_: &Server| json!({ "jwks_uri": "file:///etc/passwd" }),
        |_: &Server| json!({ "jwks_uri": "/keys" }),
    ] {
        let server = Server::start(&[&key]).await;
        let changes = change(&server);
        server.metadata(|metadata| {
            for (name, value) in changes.as_object().unwrap() {
                metadata[name] = value.clone();
            }
        });
        let error = server.verifier().verify(&key.token(&server.claims())).await.unwrap_err();
        assert!(matches!(error, TokenError::Unavailable(_)), "{changes}: {error}");
        assert_eq!(server.asked(), 0, "{changes} of {}", own(&server));
    }
}
