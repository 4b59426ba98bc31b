//! Who we are for the store: keys, a role, or the machine.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use secrecy::ExposeSecret;

use crate::config::{AwsKeys, S3Config};
use crate::web_identity::WebIdentity;

const SESSION: &str = "mcp-odoo";
const CONNECT: Duration = Duration::from_secs(5);

/// Keys as they are configured; else the role of the container or the machine; and with them, where one is
/// configured, the role to assume. Nothing is asked for yet.
pub(crate) async fn provider(config: &S3Config, http: &SharedHttpClient) -> SharedCredentialsProvider {
    let region = Region::new(config.region.clone());
    let base = || match &config.keys {
        Some(keys) => SharedCredentialsProvider::new(fixed(keys)),
        None => SharedCredentialsProvider::new(machine(&region)),
    };
    let Some(role) = &config.role else { return base() };
    let mut sts = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http.clone());
    // Other stores have their own STS, at the same address.
    sts.set_endpoint_url(config.endpoint.as_ref().map(ToString::to_string));
    sts.set_time_source(Some(Default::default()));
    let sts = sts.build();
    if let Some(token) = &role.web_identity_token {
        return SharedCredentialsProvider::new(WebIdentity::new(&sts, &role.arn, SESSION, token.clone()));
    }
    let provider = AssumeRoleProvider::builder(&role.arn).session_name(SESSION).configure(&sts);
    SharedCredentialsProvider::new(provider.build_from_provider(base()).await)
}

fn fixed(keys: &AwsKeys) -> Credentials {
    let secret = |secret: &secrecy::SecretString| secret.expose_secret().to_owned();
    let token = keys.session_token.as_ref().map(secret);
    Credentials::new(&keys.id, secret(&keys.secret), token, None, "configuration")
}

/// ECS and EKS tell a container where to ask by variables of their own; EC2 answers at a fixed address.
fn machine(region: &Region) -> CredentialsProviderChain {
    // These are in the same machine, behind no proxy.
    let http = Builder::new().tls_provider(tls()).build_https();
    let settings = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http);
    let container = EcsCredentialsProvider::builder().configure(&settings).build();
    let instance = ImdsCredentialsProvider::builder().configure(&settings).build();
    CredentialsProviderChain::first_try("container", container).or_else("instance", instance)
}

/// An HTTP client that goes through the system's proxy, as all others of this process do.
pub(crate) fn http_client() -> SharedHttpClient {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .enable_tcp_nodelay(true)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(tls())
        .build();
    let shared = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| shared.clone())
}

fn tls() -> Provider {
    Provider::Rustls(CryptoMode::Ring)
}
