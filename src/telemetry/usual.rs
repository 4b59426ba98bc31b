//! The usual form of lines, which is tracing's own: a line for each request is a tenth of what a short one takes when it is
//! written in the general way, so what most lines have is written directly.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::{self, Debug};

use chrono::Utc;
use mcp_odoo_core::clock::Clock;
use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitFmt, VisitOutput};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};
use tracing_subscriber::fmt::time::FormatTime;

/// UTC, to the microsecond.
pub struct Time;

impl FormatTime for Time {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        thread_local!(static CLOCK: RefCell<Clock> = RefCell::default());
        let now = Utc::now();
        // Within a leap second there are more than a million.
        let microsecond = now.timestamp_subsec_micros().min(999_999);
        CLOCK.with_borrow_mut(|clock| write!(writer, "{}.{microsecond:06}Z", clock.second(now)))
    }
}

/// `name="text" name=1`
pub struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let has_colours = writer.has_ansi_escapes();
        let mut line =
            Line { general: DefaultVisitor::new(writer, true), has_colours, is_first: true, result: Ok(()) };
        fields.record(&mut line);
        line.result.and(line.general.finish())
    }
}

/// The fields of one line.
struct Line<'w> {
    general: DefaultVisitor<'w>,
    has_colours: bool,
    is_first: bool,
    result: fmt::Result,
}

impl Line<'_> {
    /// The general way knows what stands before a first field, how a message is written, and colours.
    fn is_general(&mut self, field: &Field) -> bool {
        std::mem::take(&mut self.is_first) || self.has_colours || field.name() == "message"
    }

    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = write!(self.general.writer(), " {}={value}", field.name());
        self.result = self.result.and(written);
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        match self.is_general(field) || !value.bytes().all(is_plain) {
            true => self.general.record_str(field, value),
            false => self.write(field, format_args!("\"{value}\"")),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match self.is_general(field) {
            true => self.general.record_u64(field, value),
            false => self.write(field, format_args!("{value}")),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match self.is_general(field) {
            true => self.general.record_f64(field, value),
            false => self.write(field, format_args!("{value:?}")),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.is_first = false;
        self.general.record_error(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.is_first = false;
        self.general.record_debug(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tempfile::NamedTempFile;
    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::prelude::*;

    use super::*;

    #[test]
    fn lines_are_as_tracing_writes_them() {
        let (ours, its) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
        let writer = |file: &NamedTempFile| Arc::new(file.as_file().try_clone().unwrap());
        for colours in [false, true] {
            let as_we_do = layer().without_time().with_ansi(colours).fmt_fields(Fields);
            let as_it_does = layer().without_time().with_ansi(colours);
            let subscriber = tracing_subscriber::registry()
                .with(as_we_do.with_writer(writer(&ours)))
                .with(as_it_does.with_writer(writer(&its)));
            tracing::subscriber::with_default(subscriber, || {
                let error = io::Error::other("full");
                tracing::info!(id = "7f", method = "GET", status = 200_u16, milliseconds = 0.1, "request");
                tracing::warn!(
                    text = "a \"b\" \\ c\n\u{1b}[1m é",
                    empty = "",
                    minus = -1,
                    yes = true,
                    "of all"
                );
                tracing::error!(%error, error = &error as &dyn Error, whole = 2.0, many = u64::MAX, "failed");
                tracing::info!(first = "text", second = 2);
                tracing::info!(first = 1);
                tracing::info!(first = 1.5, r#type = "x", debug = ?Some(1));
                tracing::info!("{} alone", "message");
            });
        }
        let [ours, its] = [ours, its].map(|file| std::fs::read_to_string(file.path()).unwrap());
        assert!(ours == its && ours.contains("GET"), "{ours}\n{its}");
    }

    #[test]
    fn the_time_is_told_to_the_microsecond() {
        let mut text = String::new();
        Time.format_time(&mut Writer::new(&mut text)).unwrap();
        assert_eq!((text.len(), text.ends_with('Z')), ("2026-11-21T10:00:00.000000Z".len(), true), "{text}");
        let told: chrono::DateTime<Utc> = text.parse().unwrap();
        assert!(told <= Utc::now());
    }
}
