//! A report as a PDF file: one column of text on A4, in a font every reader has.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

use super::Sheet;

/// The lines of text that fit on a page.
const PER_PAGE: usize = 52;

/// The longest line.
const WIDTH: usize = 96;

/// A PDF file of all sheets, each on pages of its own.
pub(crate) fn file(sheets: &[Sheet]) -> Vec<u8> {
    let mut next = 0;
    let mut reference = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, font) = (reference(), reference(), reference());
    let pages: Vec<Vec<String>> = sheets
        .iter()
        .flat_map(|sheet| text(sheet).chunks(PER_PAGE).map(<[String]>::to_vec).collect::<Vec<_>>())
        .collect();
    let refs: Vec<(Ref, Ref)> = pages.iter().map(|_| (reference(), reference())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(refs.iter().map(|(page, _)| *page)).count(count);
    pdf.type1_font(font).base_font(Name(b"Courier")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for (lines, (id, content)) in pages.iter().zip(refs) {
        let mut page = pdf.page(id);
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(content);
        page.resources().fonts().pair(Name(b"F1"), font);
        page.finish();
        pdf.stream(content, &drawn(lines));
    }
    pdf.finish()
}

fn drawn(lines: &[String]) -> Vec<u8> {
    let mut content = Content::new();
    content.begin_text().set_font(Name(b"F1"), 9.0).set_leading(14.0).next_line(40.0, 790.0);
    for line in lines {
        content.show(Str(&latin(line)));
        content.next_line_using_leading();
    }
    content.end_text();
    content.finish().to_vec()
}

fn text(sheet: &Sheet) -> Vec<String> {
    let mut lines = vec![
        sheet.title.clone(),
        String::new(),
        format!("Customer: {}", sheet.customer),
        format!("Date: {}", sheet.date),
        String::new(),
        columns("Description", ["Quantity", "Unit Price", "Amount"]),
    ];
    for [name, quantity, price, amount] in &sheet.lines {
        let mut names = name.lines();
        lines.push(columns(names.next().unwrap_or_default(), [quantity, price, amount]));
        lines.extend(names.map(|more| format!("  {more}")));
    }
    lines.push(String::new());
    lines.extend(sheet.totals.iter().map(|(label, amount)| format!("{label:>76} {amount:>19}")));
    lines
}

fn columns(name: &str, [quantity, price, amount]: [&str; 3]) -> String {
    let name: String = name.chars().take(52).collect();
    format!("{name:<52} {quantity:>12} {price:>14} {amount:>14}")
}

/// The bytes of the font's encoding, which for Western letters are those of Latin-1.
fn latin(line: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '€' => 0x80,
        c => u8::try_from(u32::from(c)).unwrap_or(b'?'),
    };
    line.chars().take(WIDTH).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_order_takes_several_pages() {
        let line = ["Écran ".to_owned(), "1.00".to_owned(), "2.00".to_owned(), "2.00".to_owned()];
        let sheet = Sheet {
            title: "Quotation S00001".to_owned(),
            customer: "Azure".to_owned(),
            date: "2026-11-21".to_owned(),
            lines: vec![line; 60],
            totals: vec![("Total", "120.00 USD".to_owned())],
        };
        let file = file(&[sheet]);
        let text = String::from_utf8_lossy(&file);
        assert!(text.starts_with("%PDF-1.7") && text.trim_end().ends_with("%%EOF"));
        assert!(text.contains("/Count 2"), "{text}");
        assert!(text.contains("Quotation S00001") && text.contains("120.00 USD"));
    }
}
