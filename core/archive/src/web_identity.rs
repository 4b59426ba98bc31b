//! A role that is assumed with a token, as on EKS
//! ([`AssumeRoleWithWebIdentity`](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html)).
//! aws-config has a provider of this kind, but that asks only the STS that the process environment names: with an
//! address from `.env` the token would go to another one.

use std::path::PathBuf;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::config::ProvideCredentials;

/// Reads the token anew each time: it is replaced before it expires.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    sts: aws_sdk_sts::Client,
    role: String,
    session: &'static str,
    token: PathBuf,
}

impl WebIdentity {
    /// Nothing is asked for yet.
    pub fn new(sts: &SdkConfig, role: &str, session: &'static str, token: PathBuf) -> Self {
        Self { sts: aws_sdk_sts::Client::new(sts), role: role.to_owned(), session, token }
    }

    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let token = tokio::fs::read_to_string(&self.token).await.map_err(CredentialsError::provider_error)?;
        let request = self.sts.assume_role_with_web_identity().role_arn(&self.role);
        let request = request.role_session_name(self.session).web_identity_token(token.trim());
        let assumed = request.send().await.map_err(CredentialsError::provider_error)?;
        let keys =
            assumed.credentials.ok_or_else(|| CredentialsError::unhandled("STS gave no credentials"))?;
        let expires = SystemTime::try_from(keys.expiration).map_err(CredentialsError::unhandled)?;
        let token = Some(keys.session_token);
        Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, token, Some(expires), "web identity"))
    }
}

impl ProvideCredentials for WebIdentity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
