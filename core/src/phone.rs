//! Phone numbers as the world writes them, brought to E.164 by Google's numbering plans.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// A phone number in E.164: `+`, country code, number. Its `Debug` shows no more than its ends.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// The calling code of a country, e.g. `+52`. The default is Mexico's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CountryCode {
    code: i32,
    region: Region,
}

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Digits are hidden, e.g. `+52 55 XXXX 4321`.
    #[error("some digits of the phone number are hidden")]
    Masked,
    /// Not the form of a phone number.
    #[error("this is not a phone number")]
    NotANumber,
    /// Too short or too long for its country.
    #[error("this phone number is too short or too long for its country")]
    Impossible,
}

impl Phone {
    /// Reads a number; one without a country code is of this country. An extension is left out: no message
    /// goes there.
    ///
    /// Only the length is checked: numbering plans grow faster than anyone's copy of them, and what nobody has
    /// Twilio refuses.
    ///
    /// # Errors
    /// When digits are hidden, or nobody in that country can have this number.
    pub fn parse(text: &str, default: CountryCode) -> Result<Self, PhoneError> {
        let text = without_channel(text.trim());
        if is_masked(text) {
            return Err(PhoneError::Masked);
        }
        // The library panics where this stands before `tel:`; nobody writes it.
        if text.contains(";phone-context=") {
            return Err(PhoneError::NotANumber);
        }
        let number =
            PHONE_NUMBER_UTIL.parse(text, Some(default.region)).map_err(|_| PhoneError::NotANumber)?;
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        if let Some(mexican) = mexican(&e164) {
            return Ok(Self(mexican));
        }
        match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) {
            Ok(NumberLengthType::IsPossible) => Ok(Self(e164.into_owned())),
            Ok(NumberLengthType::IsPossibleLocalOnly) | Err(_) => Err(PhoneError::Impossible),
        }
    }

    /// A number that was parsed before and kept as [`Self::e164`].
    pub(crate) fn from_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let good = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        good.then(|| Self(text.to_owned()))
    }

    /// The whole number, e.g. `+525587654321`.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// Enough to tell two numbers apart, too little to call: `+52…21`.
    pub fn shortened(&self) -> String {
        shorten(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shortened())
    }
}

impl Default for CountryCode {
    fn default() -> Self {
        Self { code: 52, region: Region::MX }
    }
}

impl FromStr for CountryCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let code = text.strip_prefix('+').unwrap_or(text).parse().map_err(drop)?;
        let region = PHONE_NUMBER_UTIL.get_region_for_country_code(code).ok_or(())?;
        // +800 and its like belong to no country.
        let back = PHONE_NUMBER_UTIL.get_country_code_for_region(region);
        if back == Some(code) { Ok(Self { code, region }) } else { Err(()) }
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.code)
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_channel(text: &str) -> &str {
    const CHANNEL: &str = "whatsapp:";
    match text.split_at_checked(CHANNEL.len()) {
        Some((channel, number)) if channel.eq_ignore_ascii_case(CHANNEL) => number,
        _ => text,
    }
}

/// An `x` may also stand before an extension, but a salesperson told is worth more than a wrong one.
fn is_masked(text: &str) -> bool {
    let text = text.to_lowercase().replace("ext", "");
    text.contains(['x', '×', '*', '•', '●', '…', '?', '_']) || text.contains("##")
}

/// The forms of Mexican numbers from before August 2019 that the numbering plans no longer have.
fn mexican(e164: &str) -> Option<String> {
    const LENGTH: usize = 10;
    let national = e164.strip_prefix("+52")?;
    let prefix = national.get(..national.len().checked_sub(LENGTH)?)?;
    match prefix {
        // WhatsApp accounts from then are still addressed so.
        "1" => Some(e164.to_owned()),
        "01" | "044" | "045" => national.get(prefix.len()..).map(|number| format!("+52{number}")),
        _ => None,
    }
}

/// A text with its phone numbers shortened.
pub(crate) fn shorten_all(text: &str) -> String {
    const SHORTEST: usize = 7;
    let mut out = String::with_capacity(text.len());
    let mut number = String::new();
    let flush = |number: &mut String, out: &mut String| {
        out.push_str(&if number.len() < SHORTEST { number.clone() } else { shorten(number) });
        number.clear();
    };
    for letter in text.chars() {
        if letter.is_ascii_digit() || (letter == '+' && number.is_empty()) {
            number.push(letter);
        } else {
            flush(&mut number, &mut out);
            out.push(letter);
        }
    }
    flush(&mut number, &mut out);
    out
}

fn shorten(number: &str) -> String {
    let begin: String = number.chars().take(3).collect();
    let end: String = number.chars().skip(number.len().saturating_sub(2)).collect();
    format!("{begin}…{end}")
}
