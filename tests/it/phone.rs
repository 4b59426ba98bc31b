//! Phone numbers as people type them.

use mcp_odoo_core::language::Language;
use mcp_odoo_core::phone::{CountryCode, Phone, PhoneError};

fn parse(text: &str, country: &str) -> Result<String, PhoneError> {
    Phone::parse(text, country.parse().unwrap()).map(|phone| phone.e164().to_owned())
}

#[test]
fn numbers_become_e164() {
    let cases = [
        // As in the specification: the old mobile form with the 1 stays.
        ("+5215587654321", "+52", "+5215587654321"),
        ("+52 1 55 8765 4321", "+52", "+5215587654321"),
        ("+521 (55) 8765-4321", "+1", "+5215587654321"),
        ("whatsapp:+5215587654321", "+34", "+5215587654321"),
        ("WhatsApp: +52 155 1234 5678", "+52", "+5215512345678"),
        ("5215587654321", "+52", "+5215587654321"),
        ("0052 1 55 8765 4321", "+52", "+5215587654321"),
        ("55 8765 4321", "+52", "+525587654321"),
        ("(55) 8765-4321", "+52", "+525587654321"),
        ("55.8765.4321", "+52", "+525587654321"),
        (" 5587654321 ", "+52", "+525587654321"),
        ("55\u{a0}8765\u{2011}4321", "+52", "+525587654321"),
        ("52 55 8765 4321", "+52", "+525587654321"),
        ("+52 55 8765 4321", "+1", "+525587654321"),
        ("0052 55 8765 4321", "+52", "+525587654321"),
        ("tel:+52-55-8765-4321", "+52", "+525587654321"),
        // Prefixes that Mexico gave up in 2019.
        ("044 55 8765 4321", "+52", "+525587654321"),
        ("045 55 8765 4321", "+52", "+525587654321"),
        ("01 55 8765 4321", "+52", "+525587654321"),
        ("01 (33) 1234-5678", "+52", "+523312345678"),
        ("+52 01 55 8765 4321", "+1", "+525587654321"),
        ("+52 044 55 8765 4321", "+34", "+525587654321"),
        // Extensions.
        ("55 8765 4321 ext. 12", "+52", "+525587654321"),
        ("55 8765 4321 Extensión 12", "+52", "+525587654321"),
        ("+34 612 345 678;ext=4", "+52", "+34612345678"),
        // Elsewhere.
        ("+1 (415) 523-8886", "+52", "+14155238886"),
        ("00 1 415 523 8886", "+52", "+14155238886"),
        ("(415) 523-8886", "+1", "+14155238886"),
        ("1-415-523-8886", "+1", "+14155238886"),
        ("011 52 55 8765 4321", "+1", "+525587654321"),
        ("612 34 56 78", "+34", "+34612345678"),
        ("0034 612 34 56 78", "+34", "+34612345678"),
        ("+44 (0)20 7946 0958", "+52", "+442079460958"),
        ("030 901820", "+49", "+4930901820"),
        ("02 1234 5678", "+39", "+390212345678"),
        ("011 15 2345-6789", "+54", "+5491123456789"),
        ("+54 9 11 2345-6789", "+52", "+5491123456789"),
        ("(11) 96123-4567", "+55", "+5511961234567"),
        // Nobody may have these, but numbering plans change: Twilio decides.
        ("+1 555 123 4567", "+52", "+15551234567"),
    ];
    for (text, country, e164) in cases {
        assert_eq!(parse(text, country), Ok(e164.to_owned()), "{text} in {country}");
    }
}

#[test]
fn hidden_digits_are_told_from_what_is_no_number() {
    let masked = [
        "+52 55 XXXX 4321",
        "+521558765xxxx",
        "55XX87654321",
        "+52 1 55 8765 432x 1",
        "55 8765 4321 x12",
        "+52 55 **** 4321",
        "+52 55 •••• 4321",
        "+52 55 8765 43…",
        "+52 55 ____ 4321",
        "+52 55 ???? 4321",
        "+52 55 #### 4321",
    ];
    for text in masked {
        assert_eq!(parse(text, "+52"), Err(PhoneError::Masked), "{text}");
    }
    for text in ["", "   ", "+", "n/a", "sin teléfono", "laura@correo.es", "whatsapp:", "+999 123456789"] {
        assert_eq!(parse(text, "+52"), Err(PhoneError::NotANumber), "{text}");
    }
    let digits = "9".repeat(1000);
    for text in ["123", "8765 4321", "+52 55 8765 432", "+52 55 8765 4321 00", "044 8765 4321"] {
        assert_eq!(parse(text, "+52"), Err(PhoneError::Impossible), "{text}");
    }
    for text in ["55 8765 4321 / 55 1234 5678", "55 8765 4321, 55 1234 5678", &digits, "\u{1F4F1}"] {
        assert!(parse(text, "+52").is_err(), "{text}");
    }
    assert_eq!(parse("523-8886", "+1"), Err(PhoneError::Impossible));
}

#[test]
fn whatever_is_typed_gives_e164_or_an_error() {
    #[rustfmt::skip]
    let pieces = [
        "+", "00", "0", "52", "1", "044", "55", "8765", "4321", "(", ")", "-", " ", ";", "ext.", "#", "=", "tel:",
        ";phone-context=", ";isub=", "/", "٥", "＋", "\u{200b}", "é", "😀", ",", ".", "~", "+52", "999999999999", "\0",
        "\n", "011", "9", "ABC", "whatsapp:", "%",
    ];
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..3000 {
        let text: String = (0..random.usize(1..10)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        let country = ["+52", "+1", "+34", "+54", "+39"][random.usize(..5)];
        let Ok(phone) = parse(&text, country) else { continue };
        let digits = phone.strip_prefix('+').unwrap();
        let is_e164 = (5..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        assert!(is_e164 && !digits.starts_with('0'), "{text:?} in {country}: {phone}, seed {seed}");
    }
    assert_eq!(parse("55 8765 4321;phone-context=+52tel:", "+52"), Err(PhoneError::NotANumber));
}

#[test]
fn a_number_is_never_printed_whole() {
    let phone = Phone::parse("+52 55 8765 4321", CountryCode::default()).unwrap();
    assert_eq!(format!("{phone:?} {:?}", Some(&phone)), "+52…21 Some(+52…21)");
    assert_eq!(phone.shortened(), "+52…21");
}

#[test]
fn country_codes() {
    for (text, shown) in [("+52", "+52"), ("34", "+34"), ("+1", "+1"), ("+593", "+593")] {
        assert_eq!(text.parse::<CountryCode>().unwrap().to_string(), shown);
    }
    for text in ["", "+", "MX", "+0", "+999", "+800", "-52", "52 1", "+5215587654321"] {
        assert!(text.parse::<CountryCode>().is_err(), "{text}");
    }
}

#[test]
fn the_language_is_the_first_locale_that_is_known() {
    let cases = [
        ("es", Language::Es),
        ("en", Language::En),
        ("EN", Language::En),
        ("en_US:en", Language::En),
        ("en_GB.UTF-8", Language::En),
        ("es_MX:en", Language::Es),
        ("de_DE:en:es", Language::En),
        ("de_DE:fr", Language::Es),
        ("C", Language::Es),
        ("", Language::Es),
        ("ñ", Language::Es),
        ("est:eng", Language::Es),
    ];
    for (list, language) in cases {
        assert_eq!(Language::from_locales(list).unwrap_or_default(), language, "{list}");
    }
}
