//! Between people's plain text and Odoo's HTML fields.

/// Elements whose content nobody is meant to read.
const UNREAD: [&str; 3] = ["script", "style", "head"];
/// `#x10FFFF;`
const LONGEST_ENTITY: usize = 9;
/// Elements that end a line.
const LINES: [&str; 14] =
    ["br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"];

/// Elements that people write into HTML fields.
const KNOWN: &str = "a b blockquote br code del div em font h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre s small \
                     span strong sub sup table tbody td tfoot th thead tr u ul";

/// Whether there is a whole tag in it: `<` before the name of an element, and behind the name nothing but
/// attributes. `peso < 5 kg` and `a <b and c> d` are plain text.
pub fn is_html(text: &str) -> bool {
    text.split('<').skip(1).filter_map(|from_tag| from_tag.split_once('>')).any(|(tag, _)| {
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let Some((name, rest)) = tag.split_at_checked(end) else { return false };
        let attributes = rest.trim_end_matches('/').trim();
        KNOWN.split(' ').any(|known| known.eq_ignore_ascii_case(name))
            && (attributes.is_empty() || (rest.starts_with(char::is_whitespace) && attributes.contains('=')))
    })
}

/// A person's plain text for an HTML field.
pub fn from_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace("\r\n", "<br>").replace('\n', "<br>")
}

/// What a person reads of HTML: no tags, one line per block, no blank lines.
pub fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, from_tag)) = rest.split_once('<') {
        text.push_str(before);
        if !from_tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            text.push('<');
            rest = from_tag;
            continue;
        }
        let Some((tag, after)) = from_tag.split_once('>') else {
            rest = html.get(html.len() - from_tag.len() - 1..).unwrap_or_default();
            break;
        };
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        rest = if !tag.starts_with('/') && UNREAD.contains(&name.as_str()) {
            after_end_of(&name, after)
        } else {
            after
        };
        if LINES.contains(&name.as_str()) {
            text.push('\n');
        } else if name == "td" || name == "th" {
            text.push(' ');
        }
    }
    text.push_str(rest);
    let lines = text.lines().map(|line| unescaped(line).split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What follows the element's end tag; nothing when it never ends.
fn after_end_of<'a>(name: &str, html: &'a str) -> &'a str {
    let ends = html.match_indices("</").map(|(at, _)| html.get(at + 2..).unwrap_or_default());
    let mut ends = ends.filter(|end| end.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)));
    ends.next().and_then(|end| end.split_once('>')).map_or("", |(_, after)| after)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        plain.push_str(before);
        let end = entity.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';');
        let parts = end.and_then(|end| entity.split_at_checked(end));
        let known = parts.and_then(|(name, after)| Some((character(name)?, after.get(1..)?)));
        match known {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = entity;
            }
        }
    }
    plain + rest
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_person_does() {
        for (html, text) in [
            ("<p>Hola &amp; <b>adiós</b></p><p>dos</p>", "Hola & adiós\ndos"),
            ("<ul><li>uno</li><li>dos&nbsp;y&#233;&#xE9;</li></ul>", "uno\ndos yéé"),
            ("a<br/>b<BR>c", "a\nb\nc"),
            ("<style>p { x: '<' }</style>a<script>alert('</p>')</SCRIPT >b", "ab"),
            ("3 < 4 & 5 > 4 &unknown; &", "3 < 4 & 5 > 4 &unknown; &"),
            ("cut <p", "cut <p"),
            ("<script>never ends", ""),
            ("&amp;lt;b&amp;gt; stays", "&lt;b&gt; stays"),
            ("", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn only_whole_tags_are_html() {
        for html in
            ["<p>x</p>", "x <b>y", "a<br/>b", "a<BR />b", "<a href=\"x\">y</a>", "</div>", "3 < 4 <i>x</i>"]
        {
            assert!(is_html(html), "{html}");
        }
        for text in [
            "peso < 5 kg",
            "a <b and c> d",
            "<luis@torres.mx>",
            "x <y> z",
            "a<b",
            "<p",
            "<b-c>",
            "1 <2> 3",
            "",
        ] {
            assert!(!is_html(text), "{text}");
        }
    }

    #[test]
    fn plain_text_comes_back() {
        let text = "1 < 2 && \"x\"\nthat's <b>not</b> bold";
        assert_eq!(to_text(&from_text(text)), text);
    }
}
