//! Follows a quotation by its Server-Sent Events.

use reqwest::Response;
use serde_json::Value;

/// The events of an open stream, one at a time.
pub struct Events {
    response: Response,
    text: String,
}

impl Events {
    pub fn new(response: Response) -> Self {
        Self { response, text: String::new() }
    }

    /// The next event's data; `None` when the stream ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap());
                self.text = rest.to_owned();
                match data {
                    Some(data) => return Some(data),
                    None => continue,
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The last event; fails when the stream ends before a final one.
    pub async fn last(mut self) -> Value {
        let mut last = Value::Null;
        while let Some(event) = self.next().await {
            last = event;
        }
        assert!(last["status"] == "completed" || last["status"] == "failed", "the stream ended at {last}");
        last
    }
}
