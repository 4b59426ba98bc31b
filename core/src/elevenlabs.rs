//! Whether a request comes from ElevenLabs
//! ([Webhooks: authentication](https://elevenlabs.io/docs/overview/administration/webhooks#authentication)).

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The header that carries the signature.
pub const HEADER: &str = "ElevenLabs-Signature";
/// How far the clock of a request may be from ours, either way.
pub const WINDOW: Duration = Duration::from_secs(30 * 60);

/// Why a request is not taken for one of ElevenLabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the request has no ElevenLabs-Signature")]
    Missing,
    /// It is not `t=<seconds>,v0=<hex>`.
    #[error("the ElevenLabs-Signature is not t=…,v0=…")]
    Malformed,
    /// It was made more than [`WINDOW`] ago, or lies so far ahead.
    #[error("the ElevenLabs-Signature is not of the last 30 minutes")]
    Expired,
    /// It was made with another secret, or for another time or body.
    #[error("the ElevenLabs-Signature does not belong to this request")]
    Mismatch,
}

/// Checks the value of [`HEADER`]: `t=<seconds since 1970>,v0=<HMAC-SHA256 of "t.body" in hex>`, where one of
/// several `v0` is enough.
///
/// # Errors
/// When it was not signed with this secret for this body within [`WINDOW`] of `now`.
pub fn verify(
    secret: &SecretString,
    signature: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let signature = signature.ok_or(SignatureError::Missing)?;
    let (mut time, mut hashes) = (None, Vec::new());
    for part in signature.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => time = Some(text),
            Some(("t", _)) => return Err(SignatureError::Malformed),
            Some(("v0", text)) => hashes.push(hash(text)?),
            // Another version of the scheme, which may stand beside.
            _ => {}
        }
    }
    let time = time.filter(|_| !hashes.is_empty()).ok_or(SignatureError::Malformed)?;
    let mac = mac(secret, time, body)?;
    // All of them are tried, so that the time it takes tells nothing.
    let matches = hashes.iter().filter(|hash| mac.clone().verify_slice(*hash).is_ok()).count();
    if matches == 0 {
        return Err(SignatureError::Mismatch);
    }
    let signed = time.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let distance = (now - signed.ok_or(SignatureError::Malformed)?).abs();
    if distance.to_std().is_ok_and(|distance| distance <= WINDOW) {
        Ok(())
    } else {
        Err(SignatureError::Expired)
    }
}

/// What a request has in common with its replay: when it was signed, and its body.
pub fn replay_mark(signature: &str, body: &[u8]) -> String {
    let time = signature.split(',').find_map(|part| part.trim().strip_prefix("t=")).unwrap_or_default();
    let mut mark = Sha256::new();
    mark.update(time);
    mark.update(b".");
    mark.update(body);
    format!("elevenlabs {}", hex::encode(mark.finalize()))
}

fn hash(text: &str) -> Result<[u8; 32], SignatureError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| SignatureError::Malformed)?;
    Ok(hash)
}

fn mac(secret: &SecretString, time: &str, body: &[u8]) -> Result<Hmac<Sha256>, SignatureError> {
    let key = secret.expose_secret().as_bytes();
    // HMAC takes a key of any length: this does not fail.
    let mut mac = Hmac::new_from_slice(key).map_err(|_| SignatureError::Mismatch)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(mac)
}
