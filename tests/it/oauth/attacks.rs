//! Tokens that somebody has tampered with, made up, or taken from elsewhere.

use mcp_odoo_core::access::oauth::TokenError;
use serde_json::{Value, json};

use super::keys::{Key, base64, hs256, in_seconds, signed};
use super::server::{AUDIENCE, Server, set};

async fn refused(server: &Server, token: &str) -> TokenError {
    let verifier = server.verifier();
    let error = verifier.verify(token).await.expect_err(token);
    // Not remembered as good.
    assert_eq!(verifier.verify(token).await.unwrap_err(), error);
    let said = format!("{error} {error:?}");
    assert!(
        !said.contains("eva") && token.split('.').all(|part| part.is_empty() || !said.contains(part)),
        "{said}"
    );
    error
}

#[tokio::test]
async fn no_signature_is_no_signature() {
    let key = Key::rsa("1");
    let server = Server::start(&[&key]).await;
    for alg in ["none", "None", "NONE", "nOnE", "", "RS256 ", "rs256", "RS1", "ES256K", "ES512", "dir"] {
        let unsigned = signed(&json!({ "alg": alg, "kid": "1" }), &server.claims());
        let signature = key.token(&server.claims()).rsplit_once('.').unwrap().1.to_owned();
        for token in [format!("{unsigned}."), format!("{unsigned}.{signature}")] {
            assert_eq!(refused(&server, &token).await, TokenError::Algorithm, "{alg}");
        }
    }
    let unsigned = signed(&key.header(), &server.claims());
    assert_eq!(refused(&server, &format!("{unsigned}.")).await, TokenError::Signature);
    assert!(matches!(refused(&server, &unsigned).await, TokenError::Malformed(_)));
}

/// What everybody can read is no secret to sign with.
#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let key = Key::rsa("1");
    let server = Server::start(&[&key]).await;
    let (jwk, claims) = (key.jwk(), server.claims());
    let n = jwk["n"].as_str().unwrap();
    for secret in [n.as_bytes(), jwk.to_string().as_bytes(), set(&[&key]).to_string().as_bytes(), b""] {
        for alg in ["HS256", "HS384", "HS512"] {
            let token = hs256(&json!({ "alg": alg, "kid": "1", "typ": "JWT" }), &claims, secret);
            assert_eq!(refused(&server, &token).await, TokenError::Algorithm);
        }
        let token = hs256(&json!({ "alg": "RS256", "kid": "1" }), &claims, secret);
        assert_eq!(refused(&server, &token).await, TokenError::Signature);
    }
    // Not even where the server publishes one.
    server.publish(
        json!({ "keys": [jwk, { "kty": "oct", "kid": "2", "k": base64(b"secret"), "alg": "HS256" }] }),
    );
    let token = hs256(&json!({ "alg": "HS256", "kid": "2" }), &claims, b"secret");
    assert_eq!(refused(&server, &token).await, TokenError::Algorithm);
}

#[tokio::test]
async fn claims_decide() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let issuer = &server.issuer;
    for iss in
        [json!("https://evil.example"), json!(format!("{issuer}/")), json!(issuer.to_uppercase()), json!("")]
    {
        let token = key.token(&server.claims_with(&json!({ "iss": iss })));
        assert_eq!(refused(&server, &token).await, TokenError::Issuer, "{iss}");
    }
    for aud in [
        json!("https://other.example/mcp"),
        json!(format!("{AUDIENCE}/")),
        json!("https://quotes.company.example"),
        json!(""),
        json!([]),
        json!(["https://other.example", "claude"]),
    ] {
        let token = key.token(&server.claims_with(&json!({ "aud": aud })));
        assert!(matches!(refused(&server, &token).await, TokenError::Audience(_)), "{aud}");
    }
    for (claims, error) in [
        (json!({ "exp": in_seconds(-60) }), TokenError::Expired),
        (json!({ "exp": 0 }), TokenError::Expired),
        (json!({ "nbf": in_seconds(120) }), TokenError::NotYet),
        (json!({ "nbf": 1e300 }), TokenError::NotYet),
    ] {
        assert_eq!(refused(&server, &key.token(&server.claims_with(&claims))).await, error, "{claims}");
    }
    for claims in [
        json!({ "iss": null }),
        json!({ "aud": null }),
        json!({ "aud": 7 }),
        json!({ "aud": { AUDIENCE: true } }),
        json!({ "exp": null }),
        json!({ "exp": "4000000000" }),
        json!({ "exp": -5 }),
        json!({ "exp": 1e300 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "nbf": "now" }),
        // Whoever has it would have to show a key, too.
        json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
    ] {
        let error = refused(&server, &key.token(&server.claims_with(&claims))).await;
        assert!(matches!(error, TokenError::Malformed(_)), "{claims}: {error}");
    }
}

#[tokio::test]
async fn a_claim_that_is_there_twice_is_none() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let claims = server.claims().to_string().replacen('{', r#"{"aud":"https://other.example","#, 1);
    // The value is a text here: the key signs what it is given.
    let header = key.header().to_string().replacen('{', r#"{"kid":"2","#, 1);
    for (header, claims) in [(key.header().to_string(), claims), (header, server.claims().to_string())] {
        let token = raw(&key, &header, &claims);
        assert!(matches!(refused(&server, &token).await, TokenError::Malformed(_)));
    }
}

/// A token whose parts are written as given.
fn raw(key: &Key, header: &str, claims: &str) -> String {
    key.sign_text(&format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes())))
}

#[tokio::test]
async fn what_was_changed_is_refused() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let good = key.token(&server.claims());
    let parts: Vec<&str> = good.split('.').collect();
    let admin = server.claims_with(&json!({ "scope": "odoo:admin" })).to_string();
    let tampered = format!("{}.{}.{}", parts[0], base64(admin.as_bytes()), parts[2]);
    assert_eq!(refused(&server, &tampered).await, TokenError::Signature);
    let longer = json!({ "alg": "ES256", "kid": "1", "typ": "at+jwt", "more": 1 }).to_string();
    let tampered = format!("{}.{}.{}", base64(longer.as_bytes()), parts[1], parts[2]);
    assert_eq!(refused(&server, &tampered).await, TokenError::Signature);
    for signature in ["", "AA", parts[1], &parts[2][..40], &"A".repeat(86)] {
        let tampered = format!("{}.{}.{signature}", parts[0], parts[1]);
        assert_eq!(refused(&server, &tampered).await, TokenError::Signature);
    }
}

#[tokio::test]
async fn a_key_signs_only_what_it_is_for() {
    let (rsa, p256, p384) = (Key::rsa("1"), Key::p256("1"), Key::p384("1"));
    let claims = Server::start(&[]).await.claims();
    let with = |key: &Key, changes: Value| {
        let mut jwk = key.jwk();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        json!({ "keys": [jwk, Key::ed25519("2").jwk()] })
    };
    for (published, signer) in [
        // Of another kind, under the same name.
        (set(&[&rsa]), &p256),
        (set(&[&p256]), &rsa),
        (set(&[&p384]), &p256),
        // For another use.
        (with(&p256, json!({ "use": "enc" })), &p256),
        (with(&p256, json!({ "key_ops": ["encrypt"] })), &p256),
        (with(&p256, json!({ "alg": "ECDH-ES" })), &p256),
        (with(&p256, json!({ "alg": "ES384" })), &p256),
        (with(&rsa, json!({ "alg": "PS256" })), &rsa),
        // Not what it says.
        (with(&p256, json!({ "crv": "P-384" })), &p256),
        (with(&p256, json!({ "x": base64(&[7; 31]) })), &p256),
        (with(&rsa, json!({ "n": "", "e": "AQAB" })), &rsa),
    ] {
        let server = Server::start(&[]).await;
        server.publish(published.clone());
        let mut claims = claims.clone();
        claims["iss"] = json!(server.issuer);
        let error = refused(&server, &signer.token(&claims)).await;
        assert!(matches!(error, TokenError::UnknownKey | TokenError::Signature), "{published}: {error}");
    }
    // By somebody else's key of the same kind and name, and one that the header brings along.
    let server = Server::start(&[&p256]).await;
    let stranger = Key::p256("1");
    assert_eq!(refused(&server, &stranger.token(&server.claims())).await, TokenError::Signature);
    let mut header = stranger.header();
    header["jwk"] = stranger.jwk();
    header["jku"] = json!("https://evil.example/keys");
    assert_eq!(refused(&server, &stranger.sign(&header, &server.claims())).await, TokenError::Signature);
}

#[tokio::test]
async fn without_a_name_the_key_must_be_the_only_one() {
    let keys = [Key::p256("1"), Key::p256("2")];
    let server = Server::start(&keys.each_ref()).await;
    let token = keys[0].sign(&json!({ "alg": "ES256" }), &server.claims());
    assert_eq!(refused(&server, &token).await, TokenError::UnknownKey);
}

#[tokio::test]
async fn what_is_no_token_is_not_looked_at() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let good = key.token(&server.claims());
    let parts: Vec<&str> = good.split('.').collect();
    let json = json!({
        "payload": parts[1],
        "signatures": [{ "protected": parts[0], "signature": parts[2] }, { "protected": parts[0], "signature": parts[2] }],
    });
    let huge = server.claims_with(&json!({ "more": "x".repeat(9000) }));
    let deep = format!("{{\"alg\":\"ES256\",\"x\":{}", "[".repeat(3000));
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "not-a-token".to_owned(),
        "ñ.ñ.ñ".to_owned(),
        good.replace('.', ""),
        format!("{good}.{}", parts[2]),
        format!("{good}.."),
        format!("{good}="),
        format!(" {good}"),
        good.replacen('.', ". ", 1),
        format!("{}.{}.{}", parts[0], parts[1], json),
        json.to_string(),
        format!("{}.{}.{}", base64(b"[]"), parts[1], parts[2]),
        format!("{}.{}.{}", base64(b"{\"alg\":7}"), parts[1], parts[2]),
        format!("{}.{}.{}", base64(deep.as_bytes()), parts[1], parts[2]),
        raw(&key, &key.header().to_string(), "[]"),
        raw(&key, &key.header().to_string(), "\u{0}"),
        key.token(&huge),
        "x".repeat(100_000_000),
        key.sign(&json!({ "alg": "ES256", "kid": "1", "typ": "logout+jwt" }), &server.claims()),
        key.sign(&json!({ "alg": "ES256", "kid": "1", "crit": ["b64"], "b64": false }), &server.claims()),
    ] {
        let error = server.verifier().verify(&token).await.unwrap_err();
        assert!(matches!(error, TokenError::Malformed(_)), "{error}");
    }
}
