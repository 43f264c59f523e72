//! Text from outside made safe for the place it is put in.

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
            c if c.is_control() => out.push('\u{fffd}'),
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
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_not_run() {
        assert_eq!(
            html("<b a='1' c=\"2\">&\n"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}"
        );
        assert_eq!(markdown("a|b_c\n"), "a\\|b\\_c\u{fffd}");
    }
}
