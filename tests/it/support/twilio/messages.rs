//! The messages: taking them over as Twilio does, and listing them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use hyper::Uri;
use hyper::header::HeaderMap;
use serde_json::{Value, json};

use super::answers::{self, Answer};
use super::{ACCOUNT, FROM, State};

/// A message that was taken over.
#[derive(Clone, Debug)]
pub struct Message {
    pub sid: String,
    /// With `whatsapp:` on that channel.
    pub to: String,
    pub from: String,
    pub body: String,
    pub content_sid: Option<String>,
    pub variables: BTreeMap<String, String>,
    pub status_callback: Option<String>,
    pub status: String,
    pub error_code: Option<u32>,
    pub created: DateTime<Utc>,
    /// Null while it is queued.
    pub sent: Option<DateTime<Utc>>,
}

impl Message {
    pub fn new(to: &str, body: &str) -> Self {
        let (to, from) = match to.strip_prefix("whatsapp:") {
            Some(_) => (to.to_owned(), format!("whatsapp:{FROM}")),
            None => (to.to_owned(), FROM.to_owned()),
        };
        Self {
            sid: format!("SM{}", uuid::Uuid::new_v4().simple()),
            to,
            from,
            body: body.to_owned(),
            content_sid: None,
            variables: BTreeMap::new(),
            status_callback: None,
            status: "queued".to_owned(),
            error_code: None,
            created: Utc::now(),
            sent: None,
        }
    }

    /// Message resource, <https://www.twilio.com/docs/messaging/api/message-resource>.
    fn resource(&self) -> Value {
        let uri = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{}", self.sid);
        json!({
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": self.created.to_rfc2822(),
            "date_sent": self.sent.map(|sent| sent.to_rfc2822()),
            "date_updated": self.created.to_rfc2822(),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": null,
            "from": self.from,
            "num_media": "0",
            "num_segments": "1",
            "price": null,
            "price_unit": null,
            "messaging_service_sid": null,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": { "media": format!("{uri}/Media.json") },
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }

    /// The parameters of a status callback.
    pub fn callback(&self, status: &str, error_code: Option<u32>) -> Vec<(&'static str, String)> {
        let mut form = vec![
            ("SmsSid", self.sid.clone()),
            ("SmsStatus", status.to_owned()),
            ("MessageStatus", status.to_owned()),
            ("To", self.to.clone()),
            ("MessageSid", self.sid.clone()),
            ("AccountSid", ACCOUNT.to_owned()),
            ("From", self.from.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
        ];
        form.extend(error_code.map(|code| ("ErrorCode", code.to_string())));
        form
    }
}

impl State {
    pub(super) fn send(&mut self, headers: &HeaderMap, body: &[u8]) -> Answer {
        match message(headers, body) {
            Ok(message) => {
                let answer = answers::json(201, &message.resource());
                self.messages.push(message);
                answer
            }
            Err((code, number)) => answers::refuse(code, &number),
        }
    }

    /// Sorted by the time of sending, latest first; where those that wait to be sent stand is not documented:
    /// here they are last, and no filter by that time finds them.
    pub(super) fn list(&self, uri: &Uri) -> Answer {
        let query: HashMap<String, String> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let day = |name: &str| query.get(name).map(|day| day.parse::<NaiveDate>().unwrap());
        let (on, since, until) = (day("DateSent"), day("DateSent>"), day("DateSent<"));
        let sent = |message: &Message| message.sent.map(|sent| sent.date_naive());
        let matches = |message: &&Message| {
            query.get("To").is_none_or(|to| *to == message.to)
                && on.is_none_or(|on| sent(message) == Some(on))
                && since.is_none_or(|since| sent(message).is_some_and(|sent| sent >= since))
                && until.is_none_or(|until| sent(message).is_some_and(|sent| sent <= until))
        };
        let mut found: Vec<&Message> = self.messages.iter().filter(matches).collect();
        found.sort_by_key(|message| std::cmp::Reverse(message.sent));
        let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
        let size = number("PageSize").unwrap_or(50).min(1000).min(self.largest_page);
        let page = number("Page").unwrap_or(0);
        let messages: Vec<Value> =
            found.iter().skip(page * size).take(size).map(|message| message.resource()).collect();
        let list = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
        let next = (found.len() > (page + 1) * size).then(|| {
            let rest = query.iter().filter(|(name, _)| !["Page", "PageToken"].contains(&name.as_str()));
            let mut next = url::form_urlencoded::Serializer::new(String::new());
            next.extend_pairs(rest).append_pair("Page", &(page + 1).to_string());
            let host = self.next_page_host.as_deref().unwrap_or_default();
            format!("{host}{list}?{}", next.append_pair("PageToken", "PASM0").finish())
        });
        let body = json!({
            "first_page_uri": format!("{list}?Page=0"),
            "next_page_uri": next,
            "previous_page_uri": null,
            "page": page,
            "page_size": size,
            "messages": messages,
            "uri": list,
        });
        answers::json(200, &body)
    }
}

/// The message, or the number of the error and the phone number that Twilio quotes.
fn message(headers: &HeaderMap, body: &[u8]) -> Result<Message, (u32, String)> {
    let is_form = headers.get("content-type").is_some_and(|it| it == "application/x-www-form-urlencoded");
    let mut form: HashMap<String, String> =
        if is_form { url::form_urlencoded::parse(body).into_owned().collect() } else { HashMap::new() };
    let mut take = |name: &str| form.remove(name).filter(|value| !value.is_empty());
    let (to, from) = (take("To").ok_or((21604, String::new()))?, take("From").unwrap_or_default());
    let number = |address: &str| address.strip_prefix("whatsapp:").unwrap_or(address).to_owned();
    if to.starts_with("whatsapp:") != from.starts_with("whatsapp:") {
        return Err((21910, number(&to)));
    }
    if !is_e164(&number(&to)) {
        return Err((21211, number(&to)));
    }
    if number(&from) != FROM {
        return Err((if from.starts_with("whatsapp:") { 63007 } else { 21606 }, number(&from)));
    }
    let mut message = Message::new(&to, "");
    message.content_sid = take("ContentSid");
    let text = take("Body");
    match (&message.content_sid, take("ContentVariables")) {
        (Some(_), variables) => {
            let variables = variables.unwrap_or_else(|| "{}".to_owned());
            message.variables = serde_json::from_str(&variables).map_err(|_| (21656, String::new()))?;
            message.body = message.variables.values().cloned().collect::<Vec<_>>().join("\n");
        }
        (None, _) => message.body = text.ok_or((21619, String::new()))?,
    }
    if message.body.chars().count() > 1600 {
        return Err((21617, String::new()));
    }
    message.status_callback = take("StatusCallback");
    if message.status_callback.as_ref().is_some_and(|url| reqwest::Url::parse(url).is_err()) {
        return Err((21609, String::new()));
    }
    assert!(form.is_empty(), "a parameter that Twilio does not know");
    Ok(message)
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0')
}
