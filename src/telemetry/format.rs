//! Lines in the form that Python's `logging` takes, e.g. `%(asctime)s %(levelname)s %(name)s: %(message)s`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use chrono::Utc;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFormat(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field { name: Field, width: usize, is_left: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Time,
    Level,
    Name,
    Message,
    Process,
}

const TAKES: &str = "text with %(asctime)s, %(levelname)s, %(name)s, %(message)s and %(process)d";

impl FromStr for LineFormat {
    type Err = String;

    /// # Errors
    /// What it takes instead.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let (mut plain, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('%') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                plain.push('%');
                rest = after;
                continue;
            }
            let (piece, after) = field(after)?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(piece);
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        let has_message = |piece: &Piece| matches!(piece, Piece::Field { name: Field::Message, .. });
        if !pieces.iter().any(has_message) {
            return Err(format!("{TAKES}; without %(message)s lines would say nothing"));
        }
        Ok(Self(pieces))
    }
}

/// What stands after a percent sign, e.g. `(levelname)-8s`, and the rest.
fn field(text: &str) -> Result<(Piece, &str), String> {
    let alone = || format!("{TAKES}; a percent sign is written %%");
    let (name, after) = text.strip_prefix('(').and_then(|text| text.split_once(')')).ok_or_else(alone)?;
    let (name, kind) = match name {
        "asctime" => (Field::Time, 's'),
        "levelname" => (Field::Level, 's'),
        "name" => (Field::Name, 's'),
        "message" => (Field::Message, 's'),
        "process" => (Field::Process, 'd'),
        other => return Err(format!("{TAKES}; %({other}) is not known here")),
    };
    let end = after.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(alone)?;
    let (width, after) = after.split_at(end);
    let after = after.strip_prefix(kind).or_else(|| after.strip_prefix('s')).ok_or_else(alone)?;
    let (is_left, width) = match width.strip_prefix('-') {
        Some(width) => (true, width),
        None => (false, width),
    };
    let width = if width.is_empty() { Some(0) } else { width.parse().ok() };
    let width = width.filter(|width| *width <= 100).ok_or_else(alone)?;
    Ok((Piece::Field { name, width, is_left }, after))
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        for piece in &self.0 {
            let Piece::Field { name, width, is_left } = piece else {
                if let Piece::Text(text) = piece {
                    writer.write_str(text)?;
                }
                continue;
            };
            let mut text = String::new();
            match name {
                // As Python writes it, in UTC.
                Field::Time => write!(text, "{}", Utc::now().format("%Y-%m-%d %H:%M:%S,%3f"))?,
                Field::Level => text.push_str(level(*event.metadata().level())),
                Field::Name => text.push_str(&event.metadata().target().replace("::", ".")),
                Field::Message => context.format_fields(Writer::new(&mut text), event)?,
                Field::Process => write!(text, "{}", std::process::id())?,
            }
            if *is_left {
                write!(writer, "{text:<width$}")?;
            } else {
                write!(writer, "{text:>width$}")?;
            }
        }
        writer.write_char('\n')
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        // Python has none below.
        _ => "DEBUG",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_named() {
        let good = [
            "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
            "%(levelname)-8s %(process)6d 100%% %(message)s",
            "%(message)s",
        ];
        for text in good {
            assert!(text.parse::<LineFormat>().is_ok(), "{text}");
        }
        let bad = [
            ("%(lineno)d %(message)s", "%(lineno) is not known here"),
            ("%(message)", "a percent sign is written %%"),
            ("%(message)x", "a percent sign is written %%"),
            ("%(message)1000s", "a percent sign is written %%"),
            ("100% %(message)s", "a percent sign is written %%"),
            ("%(levelname)s", "without %(message)s"),
            ("", "without %(message)s"),
        ];
        for (text, words) in bad {
            let said = text.parse::<LineFormat>().unwrap_err();
            assert!(said.starts_with(TAKES) && said.contains(words), "{text}: {said}");
        }
    }
}
