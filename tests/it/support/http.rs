//! An HTTP client for the tests.

use std::sync::Once;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

static PROVIDER: Once = Once::new();

/// A client that talks to this machine only.
pub fn client() -> Client {
    client_with(&[])
}

/// The same, which sends these headers with everything.
pub fn client_with(headers: &[(&str, &str)]) -> Client {
    builder(headers).build().unwrap()
}

/// One that passes redirects on.
pub fn passing() -> Client {
    builder(&[]).redirect(Policy::none()).build().unwrap()
}

fn builder(headers: &[(&str, &str)]) -> ClientBuilder {
    PROVIDER.call_once(|| {
        // Another part of the process may have been first, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let header = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    // Nothing here is asked over TLS, and a list of whom to trust takes long to read.
    let plain = Client::builder().tls_certs_only([]).no_proxy();
    plain.default_headers(headers.iter().map(header).collect())
}
