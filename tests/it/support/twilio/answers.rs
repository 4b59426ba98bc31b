//! The bodies that Twilio documents.

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use serde_json::{Value, json};

pub type Answer = Response<Full<Bytes>>;

pub fn json(status: u16, body: &Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

pub fn html(status: u16, body: &str) -> Answer {
    answer(status, "text/html", body.to_owned())
}

fn answer(status: u16, content_type: &str, body: String) -> Answer {
    Response::builder().status(status).header("content-type", content_type).body(body.into()).unwrap()
}

/// An error of the dictionary, <https://www.twilio.com/docs/api/errors>, that quotes a number where Twilio does.
pub fn refuse(code: u32, number: &str) -> Answer {
    let (status, message) = match code {
        20003 => (401, "Authenticate".to_owned()),
        20005 => (403, "Account not active".to_owned()),
        20404 => (404, "The requested resource was not found".to_owned()),
        20429 | 63018 => (429, "Too Many Requests".to_owned()),
        21211 => (400, format!("The 'To' number {number} is not a valid phone number.")),
        21212 => (400, format!("The 'From' number {number} is not a valid phone number, shortcode, or alphanumeric sender ID.")),
        21408 => (400, format!("Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {number}.")),
        21604 => (400, "A 'To' phone number is required.".to_owned()),
        21606 => (400, format!("The 'From' phone number provided ({number}) is not a valid message-capable Twilio phone number for this destination/account")),
        21608 => (400, format!("The number {number} is unverified. Trial accounts cannot send messages to unverified numbers")),
        21609 => (400, "The 'StatusCallback' URL is not a valid URL.".to_owned()),
        21610 => (400, "Attempt to send to unsubscribed recipient".to_owned()),
        21614 => (400, format!("'To' number is not a valid mobile number: {number}")),
        21617 => (400, "The concatenated message body exceeds the 1600 character limit".to_owned()),
        21619 => (400, "A text message body or media urls must be specified.".to_owned()),
        21656 => (400, "The Content Variables parameter is invalid.".to_owned()),
        21910 => (400, "'From' and 'To' channel mismatch".to_owned()),
        63003 => (400, "Channel could not find To address".to_owned()),
        63007 => (400, "Twilio could not find a Channel with the specified From address".to_owned()),
        63015 => (400, "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox".to_owned()),
        63016 => (400, "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template.".to_owned()),
        63032 => (400, "We cannot send this message to this user because of a WhatsApp limitation.".to_owned()),
        63049 => (400, "Meta chose not to deliver this WhatsApp marketing message.".to_owned()),
        _ => (400, "Something else is wrong".to_owned()),
    };
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    json(status, &json!({ "code": code, "message": message, "more_info": more_info, "status": status }))
}

pub fn rate_limited(retry_after: Option<u64>) -> Answer {
    let mut answer = refuse(20429, "");
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    answer
}

pub fn server_error(status: u16) -> Answer {
    let more_info = "https://www.twilio.com/docs/errors/20500";
    let message = "An internal server error has occurred";
    json(status, &json!({ "code": 20500, "message": message, "more_info": more_info, "status": status }))
}
