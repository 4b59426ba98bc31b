//! Where the authorization server publishes its keys (RFC 8414, OpenID Connect Discovery), and what it publishes there.

use std::sync::Arc;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use super::keys::Keys;
use crate::http::{deepest, is_loopback};

/// No document is larger.
const LARGEST: usize = 256 << 10;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Url,
}

/// Asks for the keys, wherever the metadata says they are. The error is for the log.
pub(super) async fn keys(client: &Client, issuer: &str) -> Result<Arc<Keys>, String> {
    let address = address_of_keys(client, issuer).await?;
    let document = get(client, address.clone()).await?;
    Keys::read(&document).ok_or_else(|| format!("{address} has no keys that are of use"))
}

async fn address_of_keys(client: &Client, issuer: &str) -> Result<Url, String> {
    let mut said = String::new();
    for place in places(issuer) {
        match metadata(client, issuer, place).await {
            Ok(metadata) => return Ok(metadata.jwks_uri),
            Err(error) => said = error,
        }
    }
    Err(said)
}

async fn metadata(client: &Client, issuer: &str, place: Url) -> Result<Metadata, String> {
    let document = get(client, place.clone()).await?;
    let metadata: Metadata =
        serde_json::from_slice(&document).map_err(|_| format!("{place} has no issuer and jwks_uri"))?;
    if metadata.issuer != issuer {
        return Err(format!(
            "{place} is of another issuer than OAUTH_ISSUER, which is to be written as there"
        ));
    }
    if metadata.jwks_uri.scheme() == "https" || is_loopback(&metadata.jwks_uri) {
        Ok(metadata)
    } else {
        Err(format!("the jwks_uri of {place} is not https"))
    }
}

/// RFC 8414 puts its name before the issuer's path; OpenID Connect puts it behind, and some put it before.
fn places(issuer: &str) -> Vec<Url> {
    let issuer = issuer.trim_end_matches('/');
    let Ok(url) = Url::parse(issuer) else { return Vec::new() };
    let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
    let mut places = vec![
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{issuer}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ];
    places.dedup();
    places.iter().filter_map(|place| Url::parse(place).ok()).collect()
}

/// Redirects are not followed: the client's answer is then no document.
async fn get(client: &Client, place: Url) -> Result<Vec<u8>, String> {
    let failed = |error: reqwest::Error| format!("{place}: {}", deepest(&error.without_url()));
    let mut response = client.get(place.clone()).send().await.map_err(failed)?;
    if response.status() != StatusCode::OK {
        return Err(format!("{place} answers {}", response.status()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if document.len() + chunk.len() > LARGEST {
            return Err(format!("{place} answers more than 256 KiB"));
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn a_path_is_put_before_and_behind() {
        let of = |issuer| places(issuer).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            of("https://as.example"),
            [
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration"
            ]
        );
        assert_eq!(of("https://as.example/"), of("https://as.example"));
        assert_eq!(
            of("https://as.example/realms/a"),
            [
                "https://as.example/.well-known/oauth-authorization-server/realms/a",
                "https://as.example/realms/a/.well-known/openid-configuration",
                "https://as.example/.well-known/openid-configuration/realms/a",
            ]
        );
    }
}
