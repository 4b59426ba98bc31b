//! Whether log files can be copied to the bucket.

use std::io::{self, Write};

use mcp_odoo_archive::{S3Config, Store};

/// Prints what is configured and whether the bucket works with it.
pub(super) async fn check(config: &S3Config, out: &mut impl Write) -> io::Result<bool> {
    let endpoint = config.endpoint.as_ref().map_or("✗", |endpoint| endpoint.as_str());
    writeln!(
        out,
        "S3_LOGS_BUCKET={} AWS_REGION={} AWS_ENDPOINT_URL={endpoint}",
        config.bucket, config.region
    )?;
    let mark = |set: bool| if set { "✓" } else { "✗" };
    let (keys, role) = (config.keys.as_ref(), config.role.as_ref());
    let token = role.and_then(|role| role.web_identity_token.as_ref());
    writeln!(
        out,
        "AWS_ACCESS_KEY_ID={0} AWS_SECRET_ACCESS_KEY={0} AWS_SESSION_TOKEN={1} AWS_ROLE_ARN={2} AWS_WEB_IDENTITY_TOKEN_FILE={3}",
        mark(keys.is_some()),
        mark(keys.is_some_and(|keys| keys.session_token.is_some())),
        role.map_or("✗", |role| role.arn.as_str()),
        mark(token.is_some()),
    )?;
    let mut failures = Store::new(config).await.check().await;
    failures.dedup();
    for failure in &failures {
        writeln!(out, "✗ S3: {failure}")?;
    }
    if failures.is_empty() {
        writeln!(out, "✓ S3: bucket {} takes, gives back, lists and deletes files", config.bucket)?;
    }
    Ok(failures.is_empty())
}
