//! What the caller of a handoff reads, in Spanish and English.

use super::document::HandoffDocument;
use super::status::HandoffState;
use super::{Answered, HandoffAnswer, HandoffError};
use crate::language::Language;
use crate::messages::Route;

/// What the caller is told of a handoff in this state.
pub(super) fn answer(language: Language, document: &HandoffDocument) -> Result<HandoffAnswer, HandoffError> {
    let told = &document.content.status;
    let (status, message) = match told.status {
        HandoffState::Failed => {
            return Err(HandoffError::Failed {
                id: told.handoff_id.clone(),
                sentence: told.error.clone().unwrap_or_default(),
                code: told.error_code.clone().unwrap_or_default(),
            });
        }
        HandoffState::Queued => (Answered::Queued, queued(language).to_owned()),
        HandoffState::Sent | HandoffState::Delivered | HandoffState::Read => {
            (Answered::Ok, sent(language, &told.channel, document.content.route))
        }
        HandoffState::Undelivered => (Answered::Undelivered, told.error.clone().unwrap_or_default()),
    };
    Ok(HandoffAnswer {
        status,
        message,
        message_sid: told.message_sid.clone(),
        assigned_user_id: told.assigned_user_id,
        selected_number: document.head.vendor_sms.clone(),
        handoff_id: told.handoff_id.clone(),
    })
}

fn queued(language: Language) -> &'static str {
    match language {
        Language::Es => "Notificación en cola: se sigue intentando sin que haya que repetirla",
        Language::En => "Notification queued: it is still being tried and need not be repeated",
    }
}

fn sent(language: Language, channel: &str, route: Option<Route>) -> String {
    let channel = if channel == "sms" { "SMS" } else { "WhatsApp" };
    match (language, route) {
        (Language::Es, None | Some(Route::Salesperson)) => {
            format!("Notificación {channel} enviada al vendedor")
        }
        (Language::Es, Some(Route::NoNumber)) => format!(
            "Notificación {channel} enviada al número de respaldo: el vendedor no tiene un número utilizable"
        ),
        (Language::Es, Some(Route::OdooDown)) => {
            format!("Notificación {channel} enviada al número de respaldo: Odoo no respondió")
        }
        (Language::Es, Some(Route::WrongCompany)) => format!(
            "Notificación {channel} enviada al número de respaldo: el servicio no trabaja en Odoo para la \
             empresa de quien pide; avise al administrador"
        ),
        (Language::En, None | Some(Route::Salesperson)) => {
            format!("{channel} notification sent to the salesperson")
        }
        (Language::En, Some(Route::NoNumber)) => format!(
            "{channel} notification sent to the fallback number: the salesperson has no usable number"
        ),
        (Language::En, Some(Route::OdooDown)) => {
            format!("{channel} notification sent to the fallback number: Odoo did not answer")
        }
        (Language::En, Some(Route::WrongCompany)) => format!(
            "{channel} notification sent to the fallback number: this service does not work in Odoo for the \
             company of who asks; tell the administrator"
        ),
    }
}
