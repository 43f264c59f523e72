//! Text from outside made safe for the place it is put in.

use crate::error::misleads;

/// For the text and the quoted attributes of HTML and SVG.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if misleads(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// For text of several lines inside `<pre>`.
pub fn html_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(html).collect();
    lines.join("\n")
}

/// For a cell of a Markdown table: no markup, no new column, no new line.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c if misleads(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What [`markdown`] was given, but for signs that mislead.
pub fn from_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(c) = signs.next() {
        let sign = if c == '\\' { signs.next() } else { Some(c) };
        out.extend(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_mislead_are_told_everywhere() {
        let turning =
            "a\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}b";
        let replaced = format!("a{}b", "\u{fffd}".repeat(10));
        assert_eq!(html(turning), replaced);
        assert_eq!(markdown(turning), replaced);
        assert!(crate::error::shown(turning).is_ascii());
        assert_eq!(html("नमस\u{200d}ते"), "नमस\u{200d}ते");
    }

    #[test]
    fn markdown_comes_back_with_its_backslashes() {
        for text in ["C:\\data\\run_1", "a\\", "*_#|", "\\\\host\\share"] {
            assert_eq!(from_markdown(&markdown(text)), text);
        }
    }

    #[test]
    fn markup_is_shown_not_run() {
        assert_eq!(
            html("<b a='1' c=\"2\">&\n"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}"
        );
        assert_eq!(markdown("a|b_c\n"), "a\\|b\\_c\u{fffd}");
    }
}
