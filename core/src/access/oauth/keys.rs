//! The keys that the authorization server publishes (RFC 7517), those of them that sign by an allowed algorithm.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::algorithm::{Curve, Scheme};
use super::token::Token;

/// More than any server publishes at once.
const MOST: usize = 100;

/// What is published now.
#[derive(PartialEq, Eq)]
pub(super) struct Keys(Vec<Key>);

/// One key.
#[derive(PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    /// The only algorithm it is for, if it says so.
    algorithm: Option<String>,
    material: Material,
}

#[derive(PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve(Curve, Vec<u8>),
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads what was published; keys of other kinds are passed over. `None` when it is no set of keys, or has none
    /// that is of use.
    pub fn read(document: &[u8]) -> Option<Arc<Self>> {
        let published: Published = serde_json::from_slice(document).ok()?;
        let jwks = published.keys.into_iter().take(MOST).filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Key> = jwks.filter_map(Key::of).collect();
        (!keys.is_empty()).then(|| Arc::new(Self(keys)))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether the key that the token names is there, whatever it is.
    pub fn has(&self, token: &Token<'_>) -> bool {
        match &token.key_id {
            Some(id) => self.0.iter().any(|key| key.id.as_ref() == Some(id)),
            None => self.find(token).is_some(),
        }
    }

    /// The key that may have signed the token. Where it names none, there must be only one that fits.
    pub fn find(&self, token: &Token<'_>) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| key.fits(token));
        let key = fitting.next();
        key.filter(|_| token.key_id.is_some() || fitting.next().is_none())
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let signs = jwk.used_for.as_deref().is_none_or(|used_for| used_for == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|it| it == "verify"));
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => Material::Rsa { n: number(&jwk.n?)?, e: number(&jwk.e?)? },
            ("EC", Some("P-256")) => point(Curve::P256, 32, &jwk.x?, &jwk.y?)?,
            ("EC", Some("P-384")) => point(Curve::P384, 48, &jwk.x?, &jwk.y?)?,
            ("OKP", Some("Ed25519")) => Material::Curve(Curve::Ed25519, decode(&jwk.x?)?),
            _ => return None,
        };
        signs.then_some(Self { id: jwk.kid, algorithm: jwk.alg, material })
    }

    fn fits(&self, token: &Token<'_>) -> bool {
        let is_its_kind = match (&self.material, &token.algorithm.scheme) {
            (Material::Rsa { .. }, Scheme::Rsa(_)) => true,
            (Material::Curve(one, _), Scheme::Curve(other, _)) => one == other,
            _ => false,
        };
        is_its_kind
            && self.algorithm.as_ref().is_none_or(|name| token.algorithm.is(name))
            && (token.key_id.is_none() || token.key_id == self.id)
    }

    /// Whether the token's signature is by this key.
    pub fn has_signed(&self, token: &Token<'_>) -> bool {
        let (signed, signature) = (token.signed.as_bytes(), &token.signature);
        match (&self.material, &token.algorithm.scheme) {
            (Material::Rsa { n, e }, Scheme::Rsa(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
            }
            (Material::Curve(_, key), Scheme::Curve(_, algorithm)) => {
                UnparsedPublicKey::new(*algorithm, key).verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Without the zeros that some put before it.
fn number(text: &str) -> Option<Vec<u8>> {
    Some(decode(text)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// Uncompressed (SEC 1): both coordinates whole.
fn point(curve: Curve, length: usize, x: &str, y: &str) -> Option<Material> {
    let (x, y) = (decode(x)?, decode(y)?);
    (x.len() == length && y.len() == length).then(|| Material::Curve(curve, [vec![4], x, y].concat()))
}
