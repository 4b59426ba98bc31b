//! Who we are for the store: keys, a role by STS, a token, a container.

use std::fs;

use hyper::Method;
use mcp_odoo::config::VARIABLES;
use tempfile::TempDir;

use crate::support::process::{borrowed, run};
use crate::support::s3::{BUCKET, KEY, ROLE_KEY, ROLE_SECRET, ROLE_TOKEN, Reaction, S3};

const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/mcp-odoo");
const EXPIRES: &str = "2099-01-01T00:00:00Z";

/// As STS documents it: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
fn sts(action: &str) -> Reaction {
    let credentials = format!(
        "<Credentials><AccessKeyId>{ROLE_KEY}</AccessKeyId><SecretAccessKey>{ROLE_SECRET}</SecretAccessKey>\
         <SessionToken>{ROLE_TOKEN}</SessionToken><Expiration>{EXPIRES}</Expiration></Credentials>"
    );
    let user = "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/mcp-odoo/mcp-odoo</Arn>\
                <AssumedRoleId>AROA:mcp-odoo</AssumedRoleId></AssumedRoleUser>";
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{credentials}{user}\
         </{action}Result></{action}Response>"
    );
    Reaction::Answer(200, "text/xml", body)
}

/// What `check` says; it must work, and the store must be asked as the role.
async fn works_as_the_role(s3: &S3, env: &[(&str, &str)]) {
    let folder = TempDir::new().unwrap();
    // As people write it down: what the AWS library reads of the environment by itself is not there.
    let (ours, others): (Vec<_>, Vec<_>) = env.iter().partition(|(name, _)| VARIABLES.contains(name));
    let file: String = ours.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(folder.path().join(".env"), file).unwrap();
    let output = run(folder.path(), &["check"], &others).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("✓ S3: bucket mcp-logs"), "{said}");
    assert!(!said.contains("geheim"), "{said}");
    let puts: Vec<_> = s3.seen().into_iter().filter(|seen| seen.method == Method::PUT).collect();
    assert_eq!(puts.len(), 1);
    let signed = puts[0].headers["authorization"].to_str().unwrap();
    assert!(signed.contains(&format!("Credential={ROLE_KEY}/")), "{signed}");
    assert_eq!(puts[0].headers["x-amz-security-token"], ROLE_TOKEN);
}

#[tokio::test]
async fn a_role_is_assumed_with_the_keys() {
    let s3 = S3::start();
    s3.plan(|method, path| match (method, path) {
        (&Method::POST, "/") => sts("AssumeRole"),
        _ => Reaction::Serve,
    });
    let env = s3.env();
    works_as_the_role(&s3, &[&borrowed(&env)[..], &[ROLE]].concat()).await;
    let asked = s3.seen().into_iter().find(|seen| seen.path == "/").unwrap();
    assert!(asked.headers["authorization"].to_str().unwrap().contains(KEY));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_told() {
    let s3 = S3::start();
    let denied = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                  <Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/x is not authorized to \
                  perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    s3.plan(|_, _| Reaction::Answer(403, "text/xml", denied.to_owned()));
    let (env, folder) = (s3.env(), TempDir::new().unwrap());
    let output = run(folder.path(), &["check"], &[&borrowed(&env)[..], &[ROLE]].concat()).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ S3: no credentials: ") && said.contains("the role can be assumed"), "{said}");
    assert!(said.contains("is not authorized to perform: sts:AssumeRole"), "{said}");
    assert!(!said.contains("geheim"), "{said}");
}

#[tokio::test]
async fn a_role_is_assumed_with_a_token() {
    let s3 = S3::start();
    s3.plan(|method, path| match (method, path) {
        (&Method::POST, "/") => sts("AssumeRoleWithWebIdentity"),
        _ => Reaction::Serve,
    });
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "geheim-identity").unwrap();
    let url = s3.url();
    let env = [
        ("S3_LOGS_BUCKET", BUCKET),
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ROLE,
    ];
    works_as_the_role(&s3, &env).await;
    let asked = s3.seen().into_iter().find(|seen| seen.path == "/").unwrap();
    assert!(!asked.headers.contains_key("authorization"), "the token says who asks");
}

#[tokio::test]
async fn a_container_has_a_role_of_its_own() {
    let s3 = S3::start();
    s3.plan(|_, path| match path {
        "/role" => Reaction::Answer(
            200,
            "application/json",
            format!(
                r#"{{"AccessKeyId":"{ROLE_KEY}","SecretAccessKey":"{ROLE_SECRET}","Token":"{ROLE_TOKEN}","Expiration":"{EXPIRES}"}}"#
            ),
        ),
        _ => Reaction::Serve,
    });
    let (url, role) = (s3.url(), format!("{}/role", s3.url()));
    let env = [
        ("S3_LOGS_BUCKET", BUCKET),
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.as_str()),
    ];
    works_as_the_role(&s3, &env).await;
}
