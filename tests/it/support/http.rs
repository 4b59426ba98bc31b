//! An HTTP client for the tests.

use std::sync::Once;

static PROVIDER: Once = Once::new();

/// A client that talks to this machine only.
pub fn client() -> reqwest::Client {
    PROVIDER.call_once(|| {
        // Another part of the process may have been first, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    reqwest::Client::builder().no_proxy().build().unwrap()
}
