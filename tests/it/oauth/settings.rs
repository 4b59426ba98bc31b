//! The variables: what each takes, and what is said of a bad one.

use mcp_odoo::config::{Config, Env};
use mcp_odoo_core::access::oauth::OAuthConfig;

fn read(variables: &[(&str, &str)]) -> Result<Option<OAuthConfig>, String> {
    let env: Env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::from_env(&env).map(|config| config.access.oauth).map_err(|error| error.to_string())
}

const ISSUER: (&str, &str) = ("OAUTH_ISSUER", "https://login.company.example/realms/sales");

#[test]
fn the_issuer_and_the_address_are_enough() {
    assert!(read(&[]).unwrap().is_none());
    let oauth = read(&[ISSUER, ("PUBLIC_URL", "https://quotes.company.example/")]).unwrap().unwrap();
    assert_eq!(oauth.issuer, ISSUER.1);
    assert_eq!(oauth.audience, "https://quotes.company.example/mcp");
    assert_eq!((oauth.resource(), &*oauth.scope_prefix), (oauth.audience.clone(), "odoo:"));
    assert!(oauth.tenant_claim.is_none());

    // Or the audience that is the address.
    let oauth =
        read(&[ISSUER, ("OAUTH_AUDIENCE", "https://quotes.company.example/odoo/mcp")]).unwrap().unwrap();
    assert_eq!(oauth.base, "https://quotes.company.example/odoo");

    // Written as the server writes it: with a slash, or without.
    for issuer in ["https://company.auth0.example/", "https://company.auth0.example", "http://127.0.0.1:9000"]
    {
        let oauth =
            read(&[("OAUTH_ISSUER", issuer), ("PUBLIC_URL", "http://localhost:8000")]).unwrap().unwrap();
        assert_eq!(oauth.issuer, issuer);
    }
    let oauth = read(&[
        ISSUER,
        ("PUBLIC_URL", "https://quotes.company.example"),
        ("OAUTH_AUDIENCE", "api://1234"),
        ("OAUTH_SCOPE_PREFIX", "api://1234/"),
        ("OAUTH_TENANT_CLAIM", "https://company.example/tenant"),
    ]);
    let oauth = oauth.unwrap().unwrap();
    assert_eq!((&*oauth.audience, &*oauth.scope_prefix), ("api://1234", "api://1234/"));
    assert_eq!(oauth.resource(), "https://quotes.company.example/mcp");
    assert_eq!(oauth.tenant_claim.as_deref(), Some("https://company.example/tenant"));
}

#[test]
fn what_does_not_work_is_named() {
    let public = ("PUBLIC_URL", "https://quotes.company.example");
    for (variables, name) in [
        (&[("OAUTH_ISSUER", "http://login.company.example"), public][..], "OAUTH_ISSUER takes"),
        (&[("OAUTH_ISSUER", "login.company.example"), public], "OAUTH_ISSUER takes"),
        (&[("OAUTH_ISSUER", "https://login.company.example?a=b"), public], "OAUTH_ISSUER takes"),
        (&[("OAUTH_ISSUER", "https://a:b@login.company.example"), public], "OAUTH_ISSUER takes"),
        (&[ISSUER], "PUBLIC_URL is required when OAUTH_ISSUER is set"),
        (&[ISSUER, ("OAUTH_AUDIENCE", "api://1234")], "PUBLIC_URL is required when OAUTH_ISSUER is set"),
        (&[ISSUER, ("OAUTH_AUDIENCE", "https://quotes.company.example")], "PUBLIC_URL is required"),
        (
            &[("OAUTH_AUDIENCE", "https://quotes.company.example/mcp")],
            "OAUTH_ISSUER is required when OAUTH_AUDIENCE",
        ),
        (&[("OAUTH_SCOPE_PREFIX", "odoo:")], "OAUTH_ISSUER is required when OAUTH_SCOPE_PREFIX"),
        (&[("OAUTH_TENANT_CLAIM", "tenant")], "OAUTH_ISSUER is required when OAUTH_TENANT_CLAIM"),
        (&[ISSUER, public, ("OAUTH_SCOPE_PREFIX", "odoo:\" x=\"")], "OAUTH_SCOPE_PREFIX takes"),
        (&[ISSUER, public, ("OAUTH_AUDIENCE", "two words")], "OAUTH_AUDIENCE takes"),
        (&[ISSUER, public, ("OAUTH_TENANT_CLAIM", "compañía")], "OAUTH_TENANT_CLAIM takes"),
    ] {
        let said = read(variables).unwrap_err();
        assert!(said.starts_with(name), "{variables:?}: {said}");
    }
}
