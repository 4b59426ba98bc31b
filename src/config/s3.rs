//! Where copies of the log files go.

use std::path::PathBuf;
use std::time::Duration;

use mcp_odoo_archive::{AwsKeys, AwsRole, S3Config};
use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Env};

/// `None` without `S3_LOGS_BUCKET`: the variables of AWS may well be there for others, and are not looked at.
pub(super) fn s3(env: &Env) -> Result<Option<S3Config>, ConfigError> {
    const BUCKET: &str = "S3_LOGS_BUCKET";
    let missing = |name, because, takes| ConfigError::Missing { name, because, takes };
    let Some(bucket) = env.text(BUCKET) else { return Ok(None) };
    if !is_bucket_name(bucket) {
        let takes = "the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens";
        return Err(ConfigError::takes(BUCKET, takes));
    }
    let endpoint = endpoint(env)?;
    let region = match (env.text("AWS_REGION"), &endpoint) {
        (Some(region), _) if is_region(region) => region,
        (Some(_), _) => return Err(ConfigError::takes("AWS_REGION", "a region, e.g. eu-central-1")),
        (None, Some(_)) => "us-east-1",
        (None, None) => {
            return Err(missing("AWS_REGION", BUCKET, "the bucket's region, e.g. eu-central-1"));
        }
    };
    Ok(Some(S3Config {
        bucket: bucket.to_owned(),
        region: region.to_owned(),
        endpoint,
        keys: keys(env)?,
        role: role(env)?,
        timeout: Duration::from_secs(30),
        first_retry: Duration::from_secs(1),
        longest_retry: Duration::from_secs(60),
    }))
}

fn keys(env: &Env) -> Result<Option<AwsKeys>, ConfigError> {
    const ID: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    const TOKEN: &str = "AWS_SESSION_TOKEN";
    let missing = |name, because, takes| Err(ConfigError::Missing { name, because, takes });
    match (env.text(ID), env.text(SECRET), env.text(TOKEN)) {
        (Some(id), Some(secret), token) => Ok(Some(AwsKeys {
            id: id.to_owned(),
            secret: SecretString::from(secret),
            session_token: token.map(SecretString::from),
        })),
        (Some(_), None, _) => missing(SECRET, ID, "the secret that belongs to the access key"),
        (None, Some(_), _) => missing(ID, SECRET, "the access key that belongs to the secret"),
        (None, None, Some(_)) => missing(ID, TOKEN, "the access key that belongs to the token"),
        (None, None, None) => Ok(None),
    }
}

fn role(env: &Env) -> Result<Option<AwsRole>, ConfigError> {
    const ARN: &str = "AWS_ROLE_ARN";
    const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    const TAKES: &str = "the ARN of a role, e.g. arn:aws:iam::123456789012:role/mcp-odoo";
    match (env.text(ARN), env.text(TOKEN_FILE)) {
        (Some(arn), _) if !(arn.starts_with("arn:") && arn.contains(":role/")) => {
            Err(ConfigError::takes(ARN, TAKES))
        }
        (Some(arn), file) => {
            Ok(Some(AwsRole { arn: arn.to_owned(), web_identity_token: file.map(PathBuf::from) }))
        }
        (None, Some(_)) => Err(ConfigError::Missing { name: ARN, because: TOKEN_FILE, takes: TAKES }),
        (None, None) => Ok(None),
    }
}

fn endpoint(env: &Env) -> Result<Option<Url>, ConfigError> {
    const NAME: &str = "AWS_ENDPOINT_URL";
    let Some(text) = env.text(NAME) else { return Ok(None) };
    // A password in the address would be printed with it.
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let good = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host() && plain(url);
    let url = Url::parse(text).ok().filter(good);
    url.map(Some).ok_or_else(|| ConfigError::takes(NAME, "an address, e.g. http://minio:9000"))
}

/// The rules of S3, without which the name could be no part of a path either.
fn is_bucket_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'-'))
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && !name.contains("..")
}

/// It becomes part of the host name that is called.
fn is_region(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
