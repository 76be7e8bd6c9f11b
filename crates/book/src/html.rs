//! Text as HTML that Markdown leaves alone.

/// The text with the characters escaped that mean something to HTML. Lines stay together, because a blank one would
/// end a block of HTML in Markdown.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "&#10;")
}

/// An explanation: as it is, but for what stands between backquotes, which is code.
pub(crate) fn inline(text: &str) -> String {
    let parts = text.split('`').map(escape).enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part }).collect()
}

/// The text that a reader sees of a page in Markdown with HTML in it.
pub(crate) fn visible(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let is_tag =
            tag.starts_with(|char: char| char.is_ascii_alphabetic() || char == '/' || char == '!');
        match tag.split_once('>') {
            Some((_, after)) if is_tag => {
                text.push(' ');
                rest = after;
            }
            _ => {
                text.push('<');
                rest = tag;
            }
        }
    }
    text.push_str(rest);
    let text =
        text.replace("&#10;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a literal of JavaScript, which may stand in a script.
pub(crate) fn js_string(text: &str) -> String {
    format!("{text:?}").replace("\\'", "'").replace("</", "<\\/")
}
