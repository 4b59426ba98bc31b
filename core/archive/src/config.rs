//! The bucket for copies of the log files, and how to be let in.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// An S3 bucket, at AWS or any other store.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// `S3_LOGS_BUCKET`
    pub bucket: String,
    /// `AWS_REGION`; other stores than AWS may do without.
    pub region: String,
    /// `AWS_ENDPOINT_URL`: another store than AWS.
    pub endpoint: Option<Url>,
    /// `AWS_ACCESS_KEY_ID` and what belongs to it; without, the container's or the machine's role counts.
    pub keys: Option<AwsKeys>,
    /// `AWS_ROLE_ARN`: the role to assume.
    pub role: Option<AwsRole>,
    /// How long one request may take.
    pub timeout: Duration,
    /// The pause before the first new try while the store is down; it doubles, with jitter.
    pub first_retry: Duration,
    /// The longest pause between two tries.
    pub longest_retry: Duration,
}

/// Access keys of AWS.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: SecretString,
    /// `AWS_SESSION_TOKEN`, which belongs to keys that expire.
    pub session_token: Option<SecretString>,
}

/// A role of AWS, assumed by STS.
#[derive(Clone, Debug)]
pub struct AwsRole {
    /// `AWS_ROLE_ARN`
    pub arn: String,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`: who asks is told by the token in this file; else by keys or machine.
    pub web_identity_token: Option<PathBuf>,
}
