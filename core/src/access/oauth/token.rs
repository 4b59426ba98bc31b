//! A token as it came: a JWS in compact form (RFC 7515), of which only header and form have been looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::TokenError;
use super::algorithm::Algorithm;

/// No token is longer.
const LONGEST: usize = 8 << 10;

/// What it says is not believed before its signature was looked at.
pub(super) struct Token<'a> {
    pub algorithm: &'static Algorithm,
    pub key_id: Option<String>,
    /// Header and payload, as they are signed.
    pub signed: &'a str,
    pub signature: Vec<u8>,
    pub payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<IgnoredAny>,
}

/// Whether it is short enough to be looked at.
pub(super) fn check_length(token: &str) -> Result<(), TokenError> {
    if token.len() > LONGEST { Err(TokenError::Malformed("it is longer than 8 KiB")) } else { Ok(()) }
}

impl<'a> Token<'a> {
    /// Takes it apart.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        const NO_JWT: TokenError = TokenError::Malformed("it is no JWT");
        let (signed, signature) = token.rsplit_once('.').ok_or(NO_JWT)?;
        let (header, payload) = signed.split_once('.').ok_or(NO_JWT)?;
        // The alphabet has no full stop, so no other number of parts passes.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NO_JWT);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| NO_JWT)?;
        let algorithm = Algorithm::named(&header.alg).ok_or(TokenError::Algorithm)?;
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(TokenError::Malformed("its typ is neither at+jwt nor JWT"));
        }
        if header.crit.is_some() {
            return Err(TokenError::Malformed("its header has extensions (crit)"));
        }
        Ok(Self {
            algorithm,
            key_id: header.kid,
            signed,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }
}

/// RFC 9068 wants the first, most servers write the second.
fn is_access_token(typ: &str) -> bool {
    let name = typ.to_ascii_lowercase();
    matches!(name.strip_prefix("application/").unwrap_or(&name), "at+jwt" | "jwt")
}
