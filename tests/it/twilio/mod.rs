//! The client of Twilio against a stand-in, and the signatures of what Twilio and ElevenLabs send.

mod checking;
mod failing;
mod listing;
mod sending;
mod settings;
mod signatures;

use std::time::Duration;

use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::Channel;
use mcp_odoo_core::twilio::{Accepted, Content, Outgoing, Twilio, TwilioError};

use crate::support::twilio::Twilio as StandIn;

const NUMBER: &str = "+5215587654321";

fn phone() -> Phone {
    Phone::parse(NUMBER, CountryCode::default()).unwrap()
}

/// With a time limit that tests can wait for.
fn client(twilio: &StandIn, channel: Channel) -> Twilio {
    Twilio::with_timeout(twilio.config(channel), Duration::from_millis(500)).unwrap()
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

async fn send(client: &Twilio, content: &Content) -> Result<Accepted, TwilioError> {
    client.send(&Outgoing { to: &phone(), content, status_callback: None }).await
}
