//! The bucket.

use std::fmt::Display;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::ServerSideEncryption;
use chrono::{Months, NaiveDate};
use mcp_odoo_core::journal::LogName;
use tokio::fs::File;

use crate::config::S3Config;
use crate::credentials;
use crate::error::{PUT, StoreError};
use crate::key::{self, ROOT, month_prefix};

/// The permissions that requests need, which also name them.
const GET: &str = "s3:GetObject";
const LIST: &str = "s3:ListBucket";
const DELETE: &str = "s3:DeleteObject";

/// Of many lines of JSON.
const LINES: &str = "application/x-ndjson";
/// Bytes a second that a large file may take, at least.
const SLOWEST: u64 = 256 * 1024;
/// Bytes; no log file is nearly as large.
const LARGEST: i64 = 16 * 1024 * 1024;

/// One bucket of a store that speaks S3; a cheap handle. Each request is made once: who calls tries again.
#[derive(Clone)]
pub struct Store {
    client: Client,
    bucket: String,
    timeout: Duration,
}

impl Store {
    /// Asks nothing of the store yet.
    pub async fn new(config: &S3Config) -> Self {
        let http = credentials::http_client();
        let mut sdk = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials::provider(config, &http).await)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(config.timeout).build());
        if let Some(endpoint) = &config.endpoint {
            // Few other stores have a host name for each bucket, or know the newer checksums.
            sdk = sdk
                .endpoint_url(endpoint.as_str())
                .force_path_style(true)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        Self {
            client: Client::from_conf(sdk.build()),
            bucket: config.bucket.clone(),
            timeout: config.timeout,
        }
    }

    /// Puts an object in the place of any that was there, encrypted with AES-256.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put(&self, key: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request = request
            .content_type("application/json")
            .server_side_encryption(ServerSideEncryption::Aes256)
            .body(ByteStream::from(content));
        request.send().await.map(drop).map_err(|error| StoreError::new(PUT, &error))
    }

    /// The same of a file, which is not read into memory: so many bytes of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(crate) async fn put_file(&self, key: &str, file: File, length: u64) -> Result<(), StoreError> {
        let body = ByteStream::read_from().file(file).length(Length::Exact(length)).build().await;
        let body = body.map_err(|error| StoreError::File(error.to_string()))?;
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request =
            request.content_type(LINES).server_side_encryption(ServerSideEncryption::Aes256).body(body);
        let patience = self.timeout + Duration::from_secs(length / SLOWEST);
        let patience = TimeoutConfig::builder().operation_timeout(patience).build();
        let request = request.customize().config_override(Config::builder().timeout_config(patience));
        request.send().await.map(drop).map_err(|error| StoreError::new(PUT, &error))
    }

    /// An object's content; `None` where there is no such object.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => found,
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new(GET, &error)),
        };
        if let Some(size) = found.content_length().filter(|size| *size > LARGEST) {
            return Err(StoreError::TooLarge(size));
        }
        let broken = |error: &dyn Display| StoreError::Unreachable(error.to_string());
        let content = found.body.collect().await.map_err(|error| broken(&error))?;
        Ok(Some(content.to_vec()))
    }

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        request.send().await.map(drop).map_err(|error| StoreError::new(DELETE, &error))
    }

    /// Puts, reads, lists and deletes a small object; says in words what does not work.
    pub async fn check(&self) -> Vec<String> {
        let key = format!("{ROOT}check-{}", uuid::Uuid::new_v4().simple());
        let content = b"{\"check\": true}\n".to_vec();
        if let Err(error) = self.put(&key, content.clone()).await {
            return vec![error.to_string()];
        }
        let read = match self.get(&key).await {
            Ok(Some(read)) if read == content => None,
            Ok(_) => Some("what was stored is not what is read back".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        let (listed, deleted) = (self.oldest().await, self.delete(&key).await);
        let failures = [listed.err(), deleted.err()].into_iter().flatten().map(|error| error.to_string());
        read.into_iter().chain(failures).collect()
    }

    /// The logs of these days, newest first: at least `at_most` of them if there are as many, and whole months.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(crate) async fn names(
        &self,
        from: Option<NaiveDate>,
        to: NaiveDate,
        at_most: usize,
    ) -> Result<Vec<LogName>, StoreError> {
        let Some(oldest) = self.oldest().await? else { return Ok(Vec::new()) };
        let from = from.map_or(oldest, |from| from.max(oldest));
        let mut names = Vec::new();
        let mut month = Some(to);
        while let Some(day) = month.filter(|day| month_prefix(*day) >= month_prefix(from)) {
            let mut found = self.month(day).await?;
            found.retain(|name| (from..=to).contains(&name.date()));
            found.sort_unstable_by(|a, b| b.cmp(a));
            names.extend(found);
            if names.len() >= at_most {
                break;
            }
            month = day.checked_sub_months(Months::new(1));
        }
        Ok(names)
    }

    /// The day of the first log; keys are listed in the order of days.
    async fn oldest(&self) -> Result<Option<NaiveDate>, StoreError> {
        let mut pages =
            self.client.list_objects_v2().bucket(&self.bucket).prefix(ROOT).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new(LIST, &error))?;
            let first = page.contents().iter().filter_map(|object| object.key()).find_map(key::parse);
            if let Some(first) = first {
                return Ok(Some(first.date()));
            }
        }
        Ok(None)
    }

    /// The logs of a day's month, page by page.
    async fn month(&self, day: NaiveDate) -> Result<Vec<LogName>, StoreError> {
        let listing = self.client.list_objects_v2().bucket(&self.bucket).prefix(month_prefix(day));
        let mut pages = listing.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new(LIST, &error))?;
            names.extend(page.contents().iter().filter_map(|object| object.key()).filter_map(key::parse));
        }
        Ok(names)
    }
}
