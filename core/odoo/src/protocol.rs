//! The three protocols, and which of the wire modules speaks each.

use std::fmt;

use serde_json::Value;

use crate::{
    Call, OdooError,
    wire::{Answer, Credentials, Request, json2, jsonrpc, xmlrpc},
};

/// A wire protocol of Odoo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `POST /json/2/<model>/<method>`, Odoo 19 and later.
    Json2,
    /// `POST /jsonrpc`.
    JsonRpc,
    /// `POST /xmlrpc/2/common` and `/xmlrpc/2/object`.
    XmlRpc,
}

impl Protocol {
    /// The request that makes a call.
    pub fn encode(self, credentials: Credentials<'_>, uid: i64, call: &Call) -> Result<Request, OdooError> {
        match self {
            Self::Json2 => json2::encode(credentials, call),
            Self::JsonRpc => Ok(jsonrpc::encode(credentials, uid, call)),
            Self::XmlRpc => xmlrpc::encode(credentials, uid, call),
        }
    }

    /// What an answer means.
    pub fn decode(self, answer: &Answer) -> Result<Value, OdooError> {
        match self {
            Self::Json2 => json2::decode(answer),
            Self::JsonRpc => jsonrpc::decode(answer),
            Self::XmlRpc => xmlrpc::decode(answer),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json2 => "JSON-2",
            Self::JsonRpc => "JSON-RPC",
            Self::XmlRpc => "XML-RPC",
        })
    }
}
