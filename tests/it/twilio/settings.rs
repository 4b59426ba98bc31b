//! The variables: what each takes, and what is said of a bad one.

use mcp_odoo::config::{Config, ConfigError, Env};
use mcp_odoo_core::language::Language;
use mcp_odoo_core::twilio::{Channel, TwilioSetup};

const SID: &str = "AC00112233445566778899aabbccddeeff";
const ACCOUNT: [(&str, &str); 4] = [
    ("TWILIO_ACCOUNT_SID", SID),
    ("TWILIO_AUTH_TOKEN", "geheim-4711"),
    ("TWILIO_WHATSAPP_FROM", "+14155238886"),
    ("TWILIO_SMS_FROM", "+12025550123"),
];

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env: Env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::from_env(&env)
}

fn with(change: &[(&str, &str)]) -> Config {
    let variables: Vec<_> = ACCOUNT
        .into_iter()
        .filter(|(name, _)| change.iter().all(|(changed, _)| name != changed))
        .chain(change.iter().copied())
        .collect();
    read(&variables).unwrap()
}

#[test]
fn an_account_is_read_whole() {
    for (channel, expected, from) in [
        ("", Channel::Whatsapp, "+14155238886"),
        ("whatsapp", Channel::Whatsapp, "+14155238886"),
        ("SMS", Channel::Sms, "+12025550123"),
    ] {
        let config = with(&[("MESSAGE_CHANNEL", channel)]);
        let TwilioSetup::Ready(twilio) = config.twilio else { panic!("{:?}", config.twilio) };
        assert_eq!((twilio.channel, twilio.from.e164()), (expected, from));
        assert_eq!(twilio.account_sid, SID);
        assert_eq!(twilio.api_base.as_str(), "https://api.twilio.com/");
        assert_eq!(twilio.content_sid, None);
    }
    let config = with(&[
        ("TWILIO_WHATSAPP_FROM", "whatsapp:+14155238886"),
        ("TWILIO_CONTENT_SID", "HX00112233445566778899aabbccddeeff"),
        ("TWILIO_API_BASE", "http://127.0.0.1:9"),
    ]);
    let TwilioSetup::Ready(twilio) = &config.twilio else { panic!("{:?}", config.twilio) };
    assert_eq!(twilio.from.e164(), "+14155238886");
    assert_eq!(twilio.content_sid.as_deref(), Some("HX00112233445566778899aabbccddeeff"));
    assert_eq!(twilio.api_base.as_str(), "http://127.0.0.1:9/");
    let printed = format!("{config:?}");
    for hidden in ["geheim", "AC0011", "4155238"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[test]
fn what_is_missing_is_named_and_does_not_stop_the_start() {
    let missing = |config: Config| match config.twilio {
        TwilioSetup::Missing(names) => names,
        TwilioSetup::Ready(_) => Vec::new(),
    };
    let nothing = read(&[]).unwrap();
    assert!(nothing.twilio.is_absent());
    assert_eq!(missing(nothing), ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM"]);
    for name in ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM"] {
        let config = with(&[(name, "  ")]);
        assert!(!config.twilio.is_absent());
        assert_eq!(missing(config), [name]);
    }
    let config = with(&[("TWILIO_SMS_FROM", ""), ("MESSAGE_CHANNEL", "sms")]);
    assert_eq!(missing(config), ["TWILIO_SMS_FROM"]);
    assert!(missing(with(&[("TWILIO_SMS_FROM", "")])).is_empty());
}

#[test]
fn a_bad_value_is_named_even_where_others_are_missing() {
    let account = "an id that begins with AC";
    let from = "a phone number with its country code, e.g. +14155238886";
    let api = "an address, e.g. https://api.twilio.com";
    let fallback = "a phone number, e.g. +5215587654321";
    let country = "the calling code of a country, e.g. +52";
    let cases = [
        ("TWILIO_ACCOUNT_SID", "SK00112233445566778899aabbccddeeff", account),
        ("TWILIO_ACCOUNT_SID", "AC", account),
        ("TWILIO_ACCOUNT_SID", "AC00112233445566778899aabbccddeef/", account),
        ("TWILIO_CONTENT_SID", "geheim", "an id that begins with HX"),
        ("TWILIO_WHATSAPP_FROM", "4155238886", from),
        ("TWILIO_WHATSAPP_FROM", "whatsapp:4155238886", from),
        ("TWILIO_SMS_FROM", "geheim", from),
        ("TWILIO_SMS_FROM", "+1415523XXXX", from),
        ("MESSAGE_CHANNEL", "telegram", "whatsapp or sms"),
        ("TWILIO_API_BASE", "api.twilio.com", api),
        ("TWILIO_API_BASE", "https://user:geheim@api.twilio.com", api),
        ("VENDEDOR_WHATSAPP", "geheim", fallback),
        ("VENDEDOR_WHATSAPP", "+52 55 XXXX 4321", fallback),
        ("DEFAULT_COUNTRY_CODE", "MX", country),
        ("DEFAULT_COUNTRY_CODE", "+999", country),
    ];
    for (name, value, takes) in cases {
        assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), format!("{name} takes {takes}"));
    }
}

#[test]
fn numbers_and_language_have_defaults() {
    let config = read(&[]).unwrap();
    assert_eq!(config.messages.phones.default_country_code.to_string(), "+52");
    assert_eq!((config.messages.phones.fallback, config.language), (None, Language::Es));
    let config = read(&[
        ("DEFAULT_COUNTRY_CODE", "+34"),
        ("VENDEDOR_WHATSAPP", "612 34 56 78"),
        ("LANGUAGE", "en_US:en"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.messages.phones.fallback.unwrap().e164(), "+34612345678");
    assert_eq!(config.language, Language::En);
}
