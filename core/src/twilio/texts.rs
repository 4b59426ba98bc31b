//! What people read of Twilio's failures. The meanings are those of the
//! [error dictionary](https://www.twilio.com/docs/api/errors).

use super::TwilioError;
use crate::language::Language;
use crate::language::Language::{En, Es};

/// What went wrong and what to do about it, without a full stop.
pub fn failure(error: &TwilioError, language: Language) -> String {
    match (error, language) {
        (TwilioError::Refused { code: 0, status, .. }, Es) => format!(
            "El servidor en TWILIO_API_BASE rechazó la solicitud con HTTP {status}; revise esa dirección"
        ),
        (TwilioError::Refused { code: 0, status, .. }, En) => {
            format!(
                "The server at TWILIO_API_BASE refused the request with HTTP {status}; check that address"
            )
        }
        (TwilioError::Refused { code, message, .. }, _) => match meaning(*code, language) {
            Some(meaning) => format!("{meaning} (Twilio {code})"),
            None => unknown(*code, message, language),
        },
        (TwilioError::RateLimited { .. }, Es) => {
            "Twilio recibe demasiadas solicitudes de esta cuenta; se puede repetir más tarde".to_owned()
        }
        (TwilioError::RateLimited { .. }, En) => {
            "Twilio gets too many requests from this account; it can be repeated later".to_owned()
        }
        (TwilioError::Unavailable { status, .. }, Es) => format!("Twilio falló con HTTP {status}"),
        (TwilioError::Unavailable { status, .. }, En) => format!("Twilio failed with HTTP {status}"),
        (TwilioError::Unreachable(_), Es) => "No se pudo conectar con Twilio".to_owned(),
        (TwilioError::Unreachable(_), En) => "Twilio could not be reached".to_owned(),
        (TwilioError::TimedOut(_), Es) => "Twilio no respondió a tiempo".to_owned(),
        (TwilioError::TimedOut(_), En) => "Twilio did not answer in time".to_owned(),
        (TwilioError::ConnectionLost(_), Es) => "Se perdió la conexión con Twilio".to_owned(),
        (TwilioError::ConnectionLost(_), En) => "The connection to Twilio was lost".to_owned(),
        (TwilioError::Malformed(_), Es) => "Twilio dio una respuesta incomprensible".to_owned(),
        (TwilioError::Malformed(_), En) => "Twilio gave an answer that makes no sense".to_owned(),
    }
}

/// What an error code means, as status callbacks and lists of messages give it.
pub fn undelivered(code: u32, language: Language) -> String {
    match meaning(code, language) {
        Some(meaning) => format!("{meaning} (Twilio {code})"),
        None => unknown(code, "", language),
    }
}

fn unknown(code: u32, message: &str, language: Language) -> String {
    let said = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said.trim_end_matches('.');
    let colon = if said.is_empty() { "" } else { ": " };
    match language {
        Es => format!(
            "Twilio no envió el mensaje{colon}{said}; vea https://www.twilio.com/docs/api/errors/{code}"
        ),
        En => format!(
            "Twilio did not send the message{colon}{said}; see https://www.twilio.com/docs/api/errors/{code}"
        ),
    }
}

#[rustfmt::skip]
fn meaning(code: u32, language: Language) -> Option<&'static str> {
    let (es, en) = match code {
        20003 => (
            "Twilio rechazó las credenciales; revise TWILIO_ACCOUNT_SID y TWILIO_AUTH_TOKEN",
            "Twilio refused the credentials; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
        ),
        20005 => (
            "La cuenta de Twilio no está activa; reactívela en la consola de Twilio",
            "The Twilio account is not active; reactivate it in the Twilio console",
        ),
        20404 => (
            "Twilio no conoce lo solicitado; revise TWILIO_ACCOUNT_SID y TWILIO_API_BASE",
            "Twilio does not know what was asked for; check TWILIO_ACCOUNT_SID and TWILIO_API_BASE",
        ),
        20429 | 14107 | 63018 => (
            "Se enviaron demasiados mensajes en poco tiempo; espere y repita",
            "Too many messages were sent in a short time; wait and repeat",
        ),
        21211 | 21217 | 21614 | 63024 => (
            "El número del destinatario no es válido o no recibe mensajes; corríjalo en Odoo o en VENDEDOR_WHATSAPP",
            "The recipient's number is not valid or takes no messages; correct it in Odoo or in VENDEDOR_WHATSAPP",
        ),
        21212 | 21603 | 21606 | 21659 | 21660 | 21910 => (
            "El número remitente no puede enviar por este canal; use uno de la cuenta de Twilio en TWILIO_WHATSAPP_FROM \
             (WhatsApp) o TWILIO_SMS_FROM (SMS)",
            "The sending number cannot send on this channel; set TWILIO_WHATSAPP_FROM (WhatsApp) or TWILIO_SMS_FROM \
             (SMS) to one of the Twilio account",
        ),
        21408 => (
            "La cuenta de Twilio no tiene permiso para enviar a ese país; actívelo en Messaging → Settings → Geo permissions",
            "The Twilio account may not send to that country; allow it under Messaging → Settings → Geo permissions",
        ),
        21219 | 21608 => (
            "La cuenta de prueba de Twilio solo envía a números verificados; verifique el número del destinatario o \
             actualice la cuenta",
            "The Twilio trial account sends to verified numbers only; verify the recipient's number or upgrade the account",
        ),
        21610 | 63033 => (
            "El destinatario canceló los mensajes de este número; debe responder START para recibirlos de nuevo",
            "The recipient has unsubscribed from this number; they must reply START to get messages again",
        ),
        21617 => (
            "El mensaje es demasiado largo (máximo 1600 caracteres); acorte el motivo o el contexto",
            "The message is too long (1600 characters at most); shorten the reason or the context",
        ),
        21655 | 63027 | 63040 | 63041 | 63042 => (
            "La plantilla de TWILIO_CONTENT_SID no existe o WhatsApp no la ha aprobado; revísela en Content Template Builder",
            "The template of TWILIO_CONTENT_SID does not exist or WhatsApp has not approved it; check it in the Content \
             Template Builder",
        ),
        21656 | 63021 | 63028 => (
            "Las variables no corresponden a la plantilla de TWILIO_CONTENT_SID; compare sus {{1}}, {{2}}… con la \
             documentación",
            "The variables do not fit the template of TWILIO_CONTENT_SID; compare its {{1}}, {{2}}… with the documentation",
        ),
        21609 => (
            "Twilio no acepta la dirección para los avisos de entrega; debe ser una URL pública",
            "Twilio does not take the address for delivery reports; it must be a public URL",
        ),
        30003 | 30005 | 30006 => (
            "El teléfono del destinatario no está disponible o no recibe SMS; avísele por otro medio",
            "The recipient's phone is not available or takes no SMS; reach them another way",
        ),
        30007 => (
            "El operador bloqueó el mensaje por su contenido; cambie el texto o el número remitente",
            "The carrier blocked the message for its content; change the text or the sending number",
        ),
        63003 => (
            "WhatsApp no encuentra el número del destinatario; compruebe que usa WhatsApp",
            "WhatsApp does not find the recipient's number; make sure that it uses WhatsApp",
        ),
        63007 => (
            "Twilio no encuentra el remitente de WhatsApp; revise TWILIO_WHATSAPP_FROM (en el sandbox, +14155238886)",
            "Twilio does not find the WhatsApp sender; check TWILIO_WHATSAPP_FROM (in the sandbox, +14155238886)",
        ),
        63015 => (
            "El destinatario no se ha unido al sandbox de WhatsApp; debe enviar «join …» al número del sandbox",
            "The recipient has not joined the WhatsApp sandbox; they must send \"join …\" to the sandbox's number",
        ),
        63016 => (
            "WhatsApp solo admite texto libre en las 24 horas siguientes al último mensaje del destinatario; cree una \
             Content Template y ponga su SID en TWILIO_CONTENT_SID, o pida al destinatario que escriba primero",
            "WhatsApp takes free text only within 24 hours of the recipient's last message; make a Content Template and \
             set TWILIO_CONTENT_SID to its SID, or have the recipient write first",
        ),
        63013 | 63032 | 63049 => (
            "Meta decidió no entregar el mensaje a este destinatario; no lo repita enseguida, use una plantilla de \
             categoría Utility o avísele por otro medio",
            "Meta chose not to deliver the message to this recipient; do not repeat it at once, use a template of the \
             category Utility or reach them another way",
        ),
        _ => return None,
    };
    Some(match language {
        Es => es,
        En => en,
    })
}
