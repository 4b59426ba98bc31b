//! What goes wrong with a store, in words that say what to do.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// The permission to put files, which also names that request.
pub(crate) const PUT: &str = "s3:PutObject";

/// Why the store did not do what it was asked. Nothing here is secret or from a log file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer: nobody there, or a connection that broke.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the store does not answer in time")]
    TimedOut,
    /// The file that was to go there cannot be read.
    #[error("the file cannot be read: {0}")]
    File(String),
    /// There is nothing to sign requests with.
    #[error(
        "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or see that the role can be assumed: {0}"
    )]
    NoCredentials(String),
    /// The store does not know the access key.
    #[error("AWS_ACCESS_KEY_ID is not known to the store")]
    UnknownKey,
    /// The signature is wrong.
    #[error("AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID")]
    WrongSecret,
    /// The session token is no good.
    #[error("AWS_SESSION_TOKEN is wrong or expired: get new keys, or use a role")]
    BadToken,
    /// The credentials are good, but may not do this.
    #[error("the credentials lack the permission {0}")]
    Denied(&'static str),
    /// No such bucket.
    #[error("S3_LOGS_BUCKET is not there: make the bucket, or correct the name")]
    NoBucket,
    /// The bucket is elsewhere.
    #[error("AWS_REGION is not the bucket's{}", .0.as_ref().map(|region| format!(": it is in {region}")).unwrap_or_default())]
    WrongRegion(Option<String>),
    /// Signatures hold for minutes only.
    #[error("the clock of this machine is wrong")]
    Clock,
    /// Every file is stored encrypted (AES256).
    #[error("the store cannot encrypt (AES256): see docs/S3_LOGS_SETUP.md on other stores than AWS")]
    CannotEncrypt,
    /// An object that is no log file.
    #[error("an object of {0} bytes is no log file")]
    TooLarge(i64),
    /// Anything else it said.
    #[error("{action}: the store answered {status} {code}")]
    Refused {
        /// The permission that the request needs, which names it.
        action: &'static str,
        /// HTTP status.
        status: u16,
        /// S3's name of the failure.
        code: String,
    },
}

impl StoreError {
    /// What an error of the SDK means for a request that needs this permission.
    pub(crate) fn new<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_io() => Self::Unreachable(causes(error)),
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => {
                let said = causes(error);
                let cause =
                    said.split_once("loading credentials: ").map_or(said.as_str(), |(_, cause)| cause);
                Self::NoCredentials(cause.to_owned())
            }
            SdkError::ResponseError(answer) => {
                let (status, code) = (answer.raw().status().as_u16(), "with something that S3 does not say");
                Self::Refused { action, status, code: code.to_owned() }
            }
            SdkError::ServiceError(answer) => Self::answered(action, error.code(), answer.raw()),
            _ => Self::Unreachable(causes(error)),
        }
    }

    fn answered(action: &'static str, code: Option<&str>, answer: &HttpResponse) -> Self {
        let status = answer.status().as_u16();
        match (code.unwrap_or_default(), status) {
            ("InvalidAccessKeyId" | "NotSignedUp", _) => Self::UnknownKey,
            ("SignatureDoesNotMatch", _) => Self::WrongSecret,
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) => Self::BadToken,
            ("RequestTimeTooSkewed" | "RequestExpired", _) => Self::Clock,
            ("NoSuchBucket", _) => Self::NoBucket,
            (
                "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException",
                _,
            )
            | (_, 301 | 307) => {
                Self::WrongRegion(answer.headers().get("x-amz-bucket-region").map(str::to_owned))
            }
            ("AccessDenied" | "AllAccessDisabled", _) | ("", 403) => Self::Denied(action),
            ("NotImplemented" | "InvalidEncryptionAlgorithmError", _) if action == PUT => Self::CannotEncrypt,
            (code, status) => Self::Refused { action, status, code: code.to_owned() },
        }
    }
}

/// What an error says and what its causes say, each once.
fn causes(error: &dyn Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if said.last().is_none_or(|last| !last.contains(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    said.join(": ")
}
