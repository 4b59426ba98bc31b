//! Keys: random, shown once, and known by their hash.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What keys begin with, so that people and scanners of secrets know one when they see it.
const PREFIX: &str = "mcpo_";

/// A new key: 256 random bits. Nobody can guess it, so a quick hash keeps it as safe as a slow one would.
pub fn new_key() -> SecretString {
    let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    // A UUID has 122 random bits: the digest of three of them has 256.
    let random = Sha256::digest(random.map(uuid::Uuid::into_bytes).concat());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random)).into()
}

/// What a key is known by: `sha256:` or `blake3:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyHash {
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// Its BLAKE3.
    Blake3([u8; 32]),
}

/// What stands in the access file is no hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is given by its hash, sha256: or blake3: and 64 hexadecimal digits, as `mcp-odoo keys new` writes it"
)]
pub struct NoKeyHash;

impl KeyHash {
    /// Of this key.
    pub fn of(key: &str) -> Self {
        Self::Sha256(Sha256::digest(key).into())
    }

    pub(super) fn beginning(&self) -> [u8; 8] {
        match self {
            Self::Sha256(hash) | Self::Blake3(hash) => beginning(hash),
        }
    }

    /// Whether it is this key's. Takes as long for a wrong one as for the right one.
    pub(super) fn is_of(&self, key: &Presented) -> bool {
        match self {
            Self::Sha256(hash) => hash.ct_eq(&key.sha256).into(),
            Self::Blake3(hash) => key.blake3.is_some_and(|of_key| hash.ct_eq(&of_key).into()),
        }
    }
}

fn beginning(hash: &[u8; 32]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [a, b, c, d, e, f, g, h]
}

/// A key as a request brought it, by its hashes.
pub(super) struct Presented {
    sha256: [u8; 32],
    /// Where any is known by one.
    blake3: Option<[u8; 32]>,
}

impl Presented {
    pub(super) fn new(key: &str, with_blake3: bool) -> Self {
        let blake3 = with_blake3.then(|| blake3::hash(key.as_bytes()).into());
        Self { sha256: Sha256::digest(key).into(), blake3 }
    }

    /// Where to look for it: what a table tells by the time it takes is no more than this part of a hash.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = [u8; 8]> {
        [Some(&self.sha256), self.blake3.as_ref()].into_iter().flatten().map(beginning)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, hash) = match self {
            Self::Sha256(hash) => ("sha256", hash),
            Self::Blake3(hash) => ("blake3", hash),
        };
        write!(f, "{name}:{}", hex::encode(hash))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyHash {
    type Err = NoKeyHash;

    fn from_str(text: &str) -> Result<Self, NoKeyHash> {
        let (name, digits) = text.split_once(':').ok_or(NoKeyHash)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| NoKeyHash)?;
        match name {
            "sha256" => Ok(Self::Sha256(hash)),
            "blake3" => Ok(Self::Blake3(hash)),
            _ => Err(NoKeyHash),
        }
    }
}

impl TryFrom<String> for KeyHash {
    type Error = NoKeyHash;

    fn try_from(text: String) -> Result<Self, NoKeyHash> {
        text.parse()
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.to_string()
    }
}
