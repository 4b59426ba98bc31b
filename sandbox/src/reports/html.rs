//! A report as a page.

use std::fmt::Write;

use super::Sheet;

/// All sheets on one page.
pub(crate) fn page(sheets: &[Sheet]) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><meta charset=\"utf-8\"/></head>\n<body>\n",
    );
    for sheet in sheets {
        article(&mut page, sheet);
    }
    page + "</body>\n</html>\n"
}

fn article(page: &mut String, sheet: &Sheet) {
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<div class=\"article\">\n<h2>{}</h2>\n<p>Customer: {}</p>\n<p>Date: {}</p>\n<table>\n<tr><th>Description\
         </th><th>Quantity</th><th>Unit Price</th><th>Amount</th></tr>\n",
        text(&sheet.title),
        text(&sheet.customer),
        text(&sheet.date)
    );
    for line in &sheet.lines {
        let cells: String = line.iter().map(|cell| format!("<td>{}</td>", text(cell))).collect();
        let _ = writeln!(page, "<tr>{cells}</tr>");
    }
    let _ = writeln!(page, "</table>\n<table>");
    for (label, amount) in &sheet.totals {
        let _ = writeln!(page, "<tr><td>{label}</td><td>{}</td></tr>", text(amount));
    }
    let _ = writeln!(page, "</table>\n</div>");
}

fn text(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br/>")
}
