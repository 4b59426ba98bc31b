//! Odoo's own web pages: reports and what portal links lead to, which no method of a model gives.

use std::sync::{Arc, PoisonError};

use reqwest::Method;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::{Url, form_urlencoded};

use crate::{Odoo, OdooError, Protocol, transport::Fetched, wire::Answer, wire::jsonrpc};

/// A session of the web client, once there is one; nothing where Odoo gives none for this secret.
pub(crate) type Session = Arc<OnceCell<Option<SecretString>>>;

const DATABASE: HeaderName = HeaderName::from_static("x-odoo-database");
const SESSION: &str = "session_id";

/// What Odoo shows at an address.
pub struct Page {
    /// The HTTP status; redirects are not followed but for one to the same page in a language.
    pub status: u16,
    /// The `Content-Type`, empty if there was none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// How a report is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// By wkhtmltopdf, where the server has it.
    Pdf,
    /// As a web page.
    Html,
    /// As text; of most reports that is a web page, too.
    Text,
}

impl Rendering {
    /// As Odoo's addresses say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

impl Odoo {
    /// What is at this path below the server's address, without any log-in: a portal link, whose token is a password and
    /// stands in no log and no error.
    pub async fn page(&self, path: &str) -> Result<Page, OdooError> {
        self.get(path, None).await
    }

    /// A report of these records, for who has a password: Odoo opens no session of its web client for an API key. Then it
    /// is [`OdooError::AccessDenied`], and is so without asking again: Odoo counts failed log-ins.
    pub async fn report(&self, name: &str, ids: &[i64], rendering: Rendering) -> Result<Page, OdooError> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(OdooError::Unknown(format!("'{name}' is not a report")));
        }
        let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut path = format!("report/{}/{name}/{ids}", rendering.name());
        if !self.context().is_empty() {
            let context = Value::from(self.context().clone()).to_string();
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("context", &context).finish();
            path = format!("{path}?{query}");
        }
        for _ in 0..2 {
            let session = self.session();
            let page = self.get(&path, Some(self.signed_in(&session).await?)).await?;
            // A session that is over is redirected to the log-in.
            if !(300..400).contains(&page.status) {
                return Ok(page);
            }
            self.sign_out(&session);
        }
        Err(OdooError::AccessDenied("Odoo asks for a log-in again and again".to_owned()))
    }

    async fn get(&self, path: &str, session: Option<SecretString>) -> Result<Page, OdooError> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
        // Where a server has several databases; only Odoo 19 looks at it.
        headers.extend(HeaderValue::from_str(&self.config().database).ok().map(|name| (DATABASE, name)));
        if let Some(session) = session {
            headers.insert(COOKIE, cookie(&session)?);
        }
        let asked = self.transport().below(path)?;
        let get =
            |url: Url| self.transport().send(Method::GET, url, headers.clone(), Vec::new(), self.lane());
        let mut fetched = get(asked.clone()).await?;
        if let Some(url) = self.in_a_language(&asked, &fetched) {
            fetched = get(url).await?;
        }
        let Fetched { status, headers, body, .. } = fetched;
        Ok(Page { status, content_type: text(&headers, &CONTENT_TYPE), body })
    }

    /// With several languages Odoo redirects to the same path below that of one, `/en/my/orders/7`. Nothing else is followed.
    fn in_a_language(&self, asked: &Url, fetched: &Fetched<'_>) -> Option<Url> {
        if !(300..400).contains(&fetched.status) {
            return None;
        }
        let to = self.transport().below(&text(&fetched.headers, &LOCATION)).ok()?;
        let base = self.base_url().path();
        let language = to.path().strip_prefix(base)?.strip_suffix(asked.path().strip_prefix(base)?)?;
        let language = language.strip_suffix('/')?;
        let is_language = !language.is_empty()
            && language.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@'));
        is_language.then_some(to)
    }

    async fn signed_in(&self, session: &Session) -> Result<SecretString, OdooError> {
        let refused =
            || OdooError::AccessDenied("its web pages open for passwords only, no API keys".to_owned());
        // Only API keys open JSON-2.
        if self.connection().await?.protocol == Protocol::Json2 {
            return Err(refused());
        }
        session.get_or_try_init(|| self.sign_in()).await?.clone().ok_or_else(refused)
    }

    async fn sign_in(&self) -> Result<Option<SecretString>, OdooError> {
        let config = self.config();
        let params = json!({
            "db": config.database, "login": config.login, "password": config.secret.expose_secret(),
        });
        let body = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": params }).to_string();
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let url = self.transport().below("web/session/authenticate")?;
        let Fetched { status, headers, body, .. } =
            self.transport().send(Method::POST, url, headers, body.into_bytes(), self.lane()).await?;
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let answer = Answer { status, content_type: text(&headers, &CONTENT_TYPE), location, body };
        match jsonrpc::decode(&answer) {
            Err(OdooError::AccessDenied(_)) => Ok(None),
            Err(error) => Err(error),
            // Without a user where a second factor is asked for.
            Ok(opened) if opened.get("uid").and_then(Value::as_i64).is_none() => Ok(None),
            Ok(_) => {
                let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
                let session = cookies.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
                let mut session = session.filter(|(name, _)| name.trim() == SESSION).map(|(_, value)| value);
                let id =
                    session.next_back().ok_or_else(|| OdooError::malformed("a log-in without a session"))?;
                Ok(Some(id.to_owned().into()))
            }
        }
    }

    fn session(&self) -> Session {
        Arc::clone(&self.sessions().lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets a session that is over, unless another caller has a new one already.
    fn sign_out(&self, over: &Session) {
        let mut session = self.sessions().lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&session, over) {
            *session = Session::default();
        }
    }
}

fn cookie(session: &SecretString) -> Result<HeaderValue, OdooError> {
    let cookie = HeaderValue::from_str(&format!("{SESSION}={}", session.expose_secret()));
    let mut cookie = cookie.map_err(|_| OdooError::malformed("a session that cannot be sent back"))?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
