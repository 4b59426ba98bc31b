//! Whether a request comes from Twilio
//! ([Validating requests](https://www.twilio.com/docs/usage/security#validating-requests)).

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

/// The header that carries the signature.
pub const HEADER: &str = "X-Twilio-Signature";

/// Why a request is not taken for Twilio's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the request has no X-Twilio-Signature")]
    Missing,
    /// The signature is not the base64 of a SHA-1.
    #[error("the X-Twilio-Signature is none")]
    Malformed,
    /// It was made with another token, or for another address or other parameters.
    #[error("the X-Twilio-Signature does not belong to this request")]
    Mismatch,
}

/// Checks the value of [`HEADER`]. `url`: the address that Twilio was given, to the letter, with its query;
/// with or without a port is one.
/// `form`: the parameters of the body, decoded, in any order.
///
/// # Errors
/// When it was not signed with this token for this address and these parameters.
pub fn verify(
    auth_token: &SecretString,
    url: &str,
    form: &[(String, String)],
    signature: Option<&str>,
) -> Result<(), SignatureError> {
    let signature = signature.ok_or(SignatureError::Missing)?;
    let signature = STANDARD.decode(signature.trim()).map_err(|_| SignatureError::Malformed)?;
    if signature.len() != 20 {
        return Err(SignatureError::Malformed);
    }
    for url in with_and_without_port(url) {
        if mac(auth_token, &url, form)?.verify_slice(&signature).is_ok() {
            return Ok(());
        }
    }
    Err(SignatureError::Mismatch)
}

/// Twilio may leave the port out or put the usual one in; its own libraries take all three.
fn with_and_without_port(url: &str) -> Vec<String> {
    let mut urls = vec![url.to_owned()];
    if let Some((scheme, rest)) = url.split_once("://") {
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        match host.rsplit_once(':') {
            Some((host, port)) if is_port(port) => urls.push(format!("{scheme}://{host}{path}")),
            _ if scheme == "https" => urls.push(format!("{scheme}://{host}:443{path}")),
            _ => urls.push(format!("{scheme}://{host}:80{path}")),
        }
    }
    urls
}

fn mac(
    auth_token: &SecretString,
    url: &str,
    form: &[(String, String)],
) -> Result<Hmac<Sha1>, SignatureError> {
    let key = auth_token.expose_secret().as_bytes();
    // HMAC takes a key of any length: this does not fail.
    let mut mac = Hmac::new_from_slice(key).map_err(|_| SignatureError::Mismatch)?;
    mac.update(url.as_bytes());
    // A set: Twilio's own libraries take a parameter that is given twice with one value once.
    for (name, value) in form.iter().collect::<BTreeSet<_>>() {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    Ok(mac)
}
