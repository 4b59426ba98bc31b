//! The words of errors and of `load`'s messages, numbers aside.

use serde_json::Value;

use super::names::OTHER_WORDS;
use super::replay::{PROTOCOLS, Replayed, TOPICS, replay};
use crate::support::transcripts::is_from_elsewhere;

/// The texts a person may see, without what differs between two databases.
fn texts(body: &Value) -> Vec<String> {
    let messages = body.pointer("/result/messages").or_else(|| body.get("messages"));
    let of_load = messages
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|message| message["message"].as_str());
    let of_error = ["/error/data/message", "/faultString", "/message"];
    let of_error = of_error.iter().filter_map(|pointer| body.pointer(pointer)?.as_str());
    of_error.chain(of_load).map(plain).collect()
}

fn plain(text: &str) -> String {
    let text = match text.strip_prefix("[traceback removed] ") {
        Some(last_line) => last_line,
        None if text.starts_with("Traceback") => text.trim_end().lines().last().unwrap_or_default(),
        None => text,
    };
    let mut plain = String::new();
    for character in text.trim_end().chars() {
        let character = if character.is_ascii_digit() { '0' } else { character };
        if character != '0' || !plain.ends_with('0') {
            plain.push(character);
        }
    }
    plain
}

#[tokio::test]
async fn errors_are_worded_as_recorded() {
    // Another Odoo may speak another language or have other groups; the wording is that of our own recordings.
    if is_from_elsewhere() {
        return println!("NOT CHECKED: the wording of recordings from elsewhere");
    }
    let mut problems = Vec::new();
    let topics = PROTOCOLS.iter().flat_map(|protocol| TOPICS.iter().map(move |topic| (protocol, topic)));
    for ((folder, version, protocol), topic) in topics {
        let Some(replayed) = replay(folder, *version, protocol, topic).await else { continue };
        let protocol = format!("{protocol}{topic}");
        let mut checked = 0;
        let worded = |name: &str| !OTHER_WORDS.iter().any(|(other, _)| *other == name);
        for Replayed { name, recorded, answer } in replayed.into_iter().filter(|one| worded(&one.name)) {
            let (recorded, answer) = (texts(&recorded.body), texts(&answer.body));
            checked += recorded.len();
            if recorded != answer {
                problems.push(format!("{folder} {protocol} {name}: {answer:?} instead of {recorded:?}"));
            }
        }
        assert!(checked > 0, "{folder} {protocol}: hardly any text");
        println!("{folder} {protocol}: {checked} texts checked");
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}
