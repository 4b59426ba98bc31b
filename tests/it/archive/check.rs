//! `mcp-odoo check` tries the bucket for real and says what is wrong.

use hyper::Method;
use tempfile::TempDir;

use crate::support::process::{borrowed, run};
use crate::support::s3::{Reaction, S3};

/// The exit code and what `check` prints with these variables beside those of the store.
async fn check(s3: &S3, change: &[(&str, &str)]) -> (i32, String) {
    let folder = TempDir::new().unwrap();
    let env = s3.env();
    let output = run(folder.path(), &["check"], &[&borrowed(&env), change].concat()).await;
    let said = String::from_utf8(output.stdout).unwrap() + std::str::from_utf8(&output.stderr).unwrap();
    assert!(!said.contains("geheim"), "{said}");
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn a_bucket_that_works() {
    let s3 = S3::start();
    let (code, said) = check(&s3, &[("LOG_RETENTION_DAYS", "90")]).await;
    assert_eq!(code, 0, "{said}");
    for expected in [
        "✓ S3: bucket mcp-logs takes, gives back, lists and deletes files",
        &format!("S3_LOGS_BUCKET=mcp-logs AWS_REGION=us-east-1 AWS_ENDPOINT_URL={}/", s3.url()),
        "AWS_ACCESS_KEY_ID=✓ AWS_SECRET_ACCESS_KEY=✓ AWS_SESSION_TOKEN=✗ AWS_ROLE_ARN=✗",
        "LOG_RETENTION_DAYS=90",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(s3.objects().is_empty(), "nothing is left behind");
    let put = &s3.seen()[0];
    assert_eq!(
        (&put.method, &put.headers["x-amz-server-side-encryption"]),
        (&Method::PUT, &"AES256".parse().unwrap())
    );
    assert!(put.path.starts_with("/mcp-logs/mcp-odoo-logs/check-"), "{}", put.path);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let s3 = S3::start();
    let cases = [
        (("AWS_ACCESS_KEY_ID", "AKIAOTHER"), "AWS_ACCESS_KEY_ID is not known to the store"),
        (
            ("AWS_SECRET_ACCESS_KEY", "geheim-other"),
            "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
        ),
    ];
    for (change, expected) in cases {
        let (code, said) = check(&s3, &[change]).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&format!("✗ S3: {expected}")), "{change:?}: {said}");
    }
    s3.down();
    let (code, said) = check(&s3, &[]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("✗ S3: the store cannot be reached: ") && said.contains("refused"), "{said}");
}

#[tokio::test]
async fn refusals_of_aws_are_told_apart() {
    let s3 = S3::start();
    let cases = [
        (404, "NoSuchBucket", "S3_LOGS_BUCKET is not there: make the bucket, or correct the name"),
        (400, "ExpiredToken", "AWS_SESSION_TOKEN is wrong or expired: get new keys, or use a role"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID is not known to the store"),
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong"),
        (301, "PermanentRedirect", "AWS_REGION is not the bucket's: it is in eu-south-2"),
        (400, "AuthorizationHeaderMalformed", "AWS_REGION is not the bucket's: it is in eu-south-2"),
        (501, "NotImplemented", "the store cannot encrypt (AES256): see docs/S3_LOGS_SETUP.md"),
        (503, "SlowDown", "s3:PutObject: the store answered 503 SlowDown"),
    ];
    for (status, code, expected) in cases {
        s3.plan(move |_, _| Reaction::Refuse(status, code));
        let (exit, said) = check(&s3, &[]).await;
        assert_eq!(exit, 1, "{said}");
        assert!(said.contains(&format!("✗ S3: {expected}")), "{code}: {said}");
    }
}

#[tokio::test]
async fn the_permission_that_lacks_is_named() {
    let s3 = S3::start();
    let cases = [
        (Method::PUT, "check-", "s3:PutObject"),
        (Method::GET, "check-", "s3:GetObject"),
        (Method::GET, "", "s3:ListBucket"),
        (Method::DELETE, "check-", "s3:DeleteObject"),
    ];
    for (lacks, part, permission) in cases {
        s3.plan(move |method, path| {
            let is_object = path.contains("check-");
            let hit = *method == lacks && is_object != part.is_empty();
            if hit { Reaction::Refuse(403, "AccessDenied") } else { Reaction::Serve }
        });
        let (code, said) = check(&s3, &[]).await;
        assert_eq!(code, 1, "{said}");
        let expected = format!("✗ S3: the credentials lack the permission {permission}\n");
        assert!(said.contains(&expected), "{said}");
        assert_eq!(said.matches('✗').count() - said.matches("=✗").count(), 1, "{said}");
    }
}
