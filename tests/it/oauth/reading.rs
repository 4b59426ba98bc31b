//! Tokens that are good, and what is read from them.

use serde_json::{Value, json};

use super::keys::{Key, in_seconds};
use super::server::{AUDIENCE, Server};

#[tokio::test]
async fn every_algorithm_of_the_list_is_taken() {
    let keys = [Key::rsa("rsa"), Key::p256("p256"), Key::p384("p384"), Key::ed25519("ed25519")];
    let server = Server::start(&keys.each_ref()).await;
    let verifier = server.verifier();
    for (key, algorithms) in [
        (&keys[0], &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..]),
        (&keys[1], &["ES256"]),
        (&keys[2], &["ES384"]),
        (&keys[3], &["EdDSA", "Ed25519"]),
    ] {
        for algorithm in algorithms {
            let token = key.sign(&json!({ "alg": algorithm, "kid": key.id }), &server.claims());
            let subject =
                verifier.verify(&token).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
            assert_eq!(subject.caller.permissions.to_string(), "quotations, read", "{algorithm}");
        }
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn the_caller_is_the_same_for_each_of_their_tokens_and_nothing_can_be_read_from_it() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let verifier = server.verifier();
    let of = async |changes: Value| {
        let token = key.token(&server.claims_with(&changes));
        verifier.verify(&token).await.unwrap()
    };
    let first = of(json!({})).await;
    let refreshed = of(json!({ "exp": in_seconds(900), "jti": "2", "scope": "odoo:write" })).await;
    let other = of(json!({ "sub": "leo@company.example" })).await;
    assert_eq!(first.caller, refreshed.caller);
    assert_ne!(first.caller, other.caller);
    assert!(first.caller.id().starts_with("oauth:") && !format!("{first:?}").contains("eva"), "{first:?}");
    assert_eq!(first.client.as_deref(), Some("claude"));
    assert!(refreshed.expires > first.expires);
}

#[tokio::test]
async fn scopes_come_in_several_forms() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    for (prefix, claims, scopes) in [
        (
            "odoo:",
            json!({ "scope": "odoo:read  odoo:write email odoo:everything xodoo:admin" }),
            "read, write",
        ),
        ("odoo:", json!({ "scope": null, "scp": ["odoo:read", "openid"] }), "read"),
        ("odoo:", json!({ "scope": "read odoo:" }), "nothing"),
        ("odoo:", json!({ "scope": null }), "nothing"),
        ("", json!({ "scope": "read" }), "read"),
        // Entra writes only what is behind the resource.
        ("api://1234/", json!({ "scope": null, "scp": "read write" }), "read, write"),
        ("api://1234/", json!({ "scope": "read api://1234/write" }), "write"),
    ] {
        let verifier = server.verifier_with(|config| config.scope_prefix = prefix.to_owned());
        let subject = verifier.verify(&key.token(&server.claims_with(&claims))).await.unwrap();
        assert_eq!(subject.caller.permissions.to_string(), scopes, "{prefix} {claims}");
    }
}

#[tokio::test]
async fn the_tenant_is_in_a_claim() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let claim = "https://company.example/tenant";
    let verifier = server.verifier_with(|config| config.tenant_claim = Some(claim.to_owned()));
    for (value, tenants) in [
        (json!("acme"), Some(&["acme"][..])),
        (json!(["acme", "beta"]), Some(&["acme", "beta"])),
        (json!(null), None),
        (json!(""), None),
        (json!([]), None),
        (json!({ "acme": {} }), None),
    ] {
        let verified = verifier.verify(&key.token(&server.claims_with(&json!({ claim: value })))).await;
        match (verified, tenants) {
            (Ok(subject), Some(tenants)) => assert_eq!(subject.tenants, tenants),
            (Err(error), None) => assert!(error.to_string().contains(claim), "{error}"),
            (other, _) => panic!("{value}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn forms_that_servers_write_are_taken() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let verifier = server.verifier();
    for claims in [
        json!({ "aud": ["https://other.example", AUDIENCE] }),
        json!({ "nbf": in_seconds(20) }),
        json!({ "exp": in_seconds(-20) }),
        json!({ "exp": 1.5 + 4e9 }),
    ] {
        let verified = verifier.verify(&key.token(&server.claims_with(&claims))).await;
        assert!(verified.is_ok(), "{claims}: {verified:?}");
    }
    for typ in [json!("JWT"), json!("jwt"), json!("application/at+jwt"), json!(null)] {
        let header = json!({ "alg": "ES256", "kid": "1", "typ": typ });
        let verified = verifier.verify(&key.sign(&header, &server.claims())).await;
        assert!(verified.is_ok(), "{typ}: {verified:?}");
    }
    // The only key needs no name.
    let token = key.sign(&json!({ "alg": "ES256" }), &server.claims());
    assert!(verifier.verify(&token).await.is_ok());
}
