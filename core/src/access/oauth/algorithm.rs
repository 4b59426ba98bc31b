//! How tokens may be signed: by an asymmetric algorithm of this list, and by no other.

use ring::signature::{self, RsaParameters, VerificationAlgorithm};

/// For people.
pub(super) const NAMES: &str = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";

/// A way of signing.
pub(super) struct Algorithm {
    /// As `alg` names it.
    pub name: &'static str,
    pub scheme: Scheme,
}

/// What kind of key it takes.
pub(super) enum Scheme {
    Rsa(&'static RsaParameters),
    /// On this curve.
    Curve(Curve, &'static (dyn VerificationAlgorithm + Sync)),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    Ed25519,
}

static ALLOWED: [Algorithm; 10] = [
    rsa("RS256", &signature::RSA_PKCS1_2048_8192_SHA256),
    rsa("RS384", &signature::RSA_PKCS1_2048_8192_SHA384),
    rsa("RS512", &signature::RSA_PKCS1_2048_8192_SHA512),
    rsa("PS256", &signature::RSA_PSS_2048_8192_SHA256),
    rsa("PS384", &signature::RSA_PSS_2048_8192_SHA384),
    rsa("PS512", &signature::RSA_PSS_2048_8192_SHA512),
    curve("ES256", Curve::P256, &signature::ECDSA_P256_SHA256_FIXED),
    curve("ES384", Curve::P384, &signature::ECDSA_P384_SHA384_FIXED),
    curve("EdDSA", Curve::Ed25519, &signature::ED25519),
    // The same under its newer name (RFC 9864).
    curve("Ed25519", Curve::Ed25519, &signature::ED25519),
];

const fn rsa(name: &'static str, parameters: &'static RsaParameters) -> Algorithm {
    Algorithm { name, scheme: Scheme::Rsa(parameters) }
}

const fn curve(
    name: &'static str,
    curve: Curve,
    algorithm: &'static (dyn VerificationAlgorithm + Sync),
) -> Algorithm {
    Algorithm { name, scheme: Scheme::Curve(curve, algorithm) }
}

impl Algorithm {
    /// The one of this name, if it is allowed.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALLOWED.iter().find(|algorithm| algorithm.name == name)
    }

    /// Whether a key that names this one is made for it.
    pub fn is(&self, name: &str) -> bool {
        let same = |named: &Self| match (&self.scheme, &named.scheme) {
            (Scheme::Curve(one, _), Scheme::Curve(other, _)) => one == other,
            _ => self.name == named.name,
        };
        Self::named(name).is_some_and(same)
    }
}
