//! Tables as LaTeX: one `table` a file, or `longtable` where it is longer than a page, with the lines of booktabs.
//!
//! Text from outside can neither end a cell, nor a row, nor run a command: see [`escaped`].

use std::fmt::Write;

use super::grid::{Form, Grid, Printed};
use super::table::Table;

/// What every label begins with.
const LABEL: &str = "tab:raduet-";

/// A page holds so many rows; a longer table is broken over pages.
const ROWS_OF_A_PAGE: usize = 45;

/// A table.
pub(super) fn file(table: &Table, form: Form) -> String {
    let grid = Grid::of(table, form);
    let stem = match form {
        Form::Plain => table.stem.clone(),
        Form::WithIntervals => format!("{}_intervals", table.stem),
    };
    let caption = match (form, &table.intervals) {
        (Form::WithIntervals, Some(how)) => {
            format!("{}. {}", escaped(&table.title), escaped(how))
        }
        _ => escaped(&table.title),
    };
    let heads: Vec<String> = grid.head.iter().map(|head| escaped(head)).collect();
    let alignment = grid
        .is_text
        .iter()
        .map(|&is_text| if is_text { 'l' } else { 'r' });
    let frame = Frame {
        // A label takes no underscores where a package makes them active.
        caption: format!(
            "\\caption{{{caption}.}}\\label{{{LABEL}{}}}",
            stem.replace('_', "-")
        ),
        columns: alignment.collect(),
        head: format!(
            "    \\toprule\n    {} \\\\\n    \\midrule\n",
            heads.join(" & ")
        ),
        // A twin is too wide for a column, and for a page at full size.
        is_wide: form == Form::WithIntervals,
    };
    let number = if table.number.is_empty() {
        String::new()
    } else {
        // Behind the sign of a comment a line's end would end it, and everything else is a command no more.
        format!("the paper's Table {}; ", escaped(&table.number))
    };
    let notes = table
        .notes
        .iter()
        .map(|note| format!("  \\par\\smallskip{{\\footnotesize {}}}\n", escaped(note)));
    let (rows, notes) = (rows(&grid), notes.collect::<String>());
    let (packages, text) = if grid.groups.iter().map(Vec::len).sum::<usize>() > ROWS_OF_A_PAGE {
        ("booktabs,longtable", frame.long(&rows, &notes))
    } else {
        ("booktabs", frame.floating(&rows, &notes))
    };
    format!("% {number}needs \\usepackage{{{packages}}}\n{text}")
}

/// What stands around the rows.
struct Frame {
    caption: String,
    columns: String,
    head: String,
    is_wide: bool,
}

impl Frame {
    fn size(&self) -> &'static str {
        if self.is_wide {
            "  \\scriptsize\n  \\setlength{\\tabcolsep}{3pt}\n"
        } else {
            ""
        }
    }

    /// A table that finds its own place.
    fn floating(&self, rows: &str, notes: &str) -> String {
        let environment = if self.is_wide { "table*" } else { "table" };
        format!(
            "\\begin{{{environment}}}[htbp]\n  \\centering\n  {}\n{}  \\begin{{tabular}}{{{}}}\n{}{rows}    \\bottomrule\n  \
             \\end{{tabular}}\n{notes}\\end{{{environment}}}\n",
            self.caption,
            self.size(),
            self.columns,
            self.head
        )
    }

    /// A table over several pages, its head on each.
    fn long(&self, rows: &str, notes: &str) -> String {
        format!(
            "\\begingroup\n{}  \\begin{{longtable}}{{{}}}\n    {} \\\\\n{}    \\endhead\n{rows}    \\bottomrule\n  \
             \\end{{longtable}}\n{notes}\\endgroup\n",
            self.size(),
            self.columns,
            self.caption,
            self.head
        )
    }
}

/// All rows, groups apart.
fn rows(grid: &Grid) -> String {
    let mut text = String::new();
    for (at, group) in grid.groups.iter().enumerate() {
        if at > 0 {
            text.push_str("    \\midrule\n");
        }
        for (at, row) in group.iter().enumerate() {
            // Writing to a String cannot fail.
            if row.is_reference && at > 0 && !group[at - 1].is_reference {
                let _ = writeln!(text, "    \\cmidrule{{1-{}}}", grid.head.len());
            }
            let _ = writeln!(text, "    {} \\\\", cells(row).join(" & "));
        }
    }
    text
}

/// A document that shows the tables of these stems, to look at them or to compile them at once.
pub(super) fn document(stems: &[String]) -> String {
    let mut text = String::from(
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n\\usepackage{booktabs,longtable}\n\
         \\usepackage[margin=1.5cm]{geometry}\n\\begin{document}\n",
    );
    for stem in stems {
        let _ = writeln!(text, "\\input{{{stem}.tex}}\n\\clearpage");
    }
    text.push_str("\\end{document}\n");
    text
}

fn cells(row: &Printed) -> Vec<String> {
    let cells = row.cells.iter().map(|(text, is_best)| {
        let text = escaped(text);
        if *is_best {
            format!("\\textbf{{{text}}}")
        } else {
            text
        }
    });
    cells.collect()
}

/// Text made safe for any place of a table: LaTeX's own characters by name, symbols of tables in mathematics, letters of
/// Latin-1 as they are, and any other character by its number, since the usual fonts lack it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => {
                out.push('\\');
                out.push(c);
            }
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            // Behind the end of a row these would be its options; in words, ligatures.
            '[' | ']' | '*' | '`' | '\'' => {
                out.push('{');
                out.push(c);
                out.push('}');
            }
            '–' => out.push_str("--"),
            '−' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '×' | '✗' => out.push_str("$\\times$"),
            '↑' => out.push_str("$\\uparrow$"),
            '✓' => out.push_str("$\\surd$"),
            'κ' => out.push_str("$\\kappa$"),
            '\u{a0}' => out.push('~'),
            c if c.is_ascii() && !c.is_control() => out.push(c),
            c if ('\u{c0}'..='\u{ff}').contains(&c) => out.push(c),
            c => {
                let _ = write!(out, "{{[}}U+{:04X}{{]}}", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a sequence stands in the number of its table.
    #[test]
    fn a_number_ends_no_comment() {
        let table = Table {
            stem: "t".into(),
            number: "I, T1\n\\input{/etc/passwd}".into(),
            title: "t".into(),
            columns: Vec::new(),
            groups: Vec::new(),
            notes: Vec::new(),
            intervals: None,
        };
        let text = file(&table, Form::Plain);
        let (comment, rest) = text.split_once('\n').unwrap();
        assert!(comment.starts_with("% the paper's Table I, T1{[}U+000A{]}"));
        assert!(rest.starts_with("\\begin{table}"), "{text}");
    }

    #[test]
    fn text_from_outside_stays_text() {
        let hostile = "\\input{/etc/passwd} & 50 % #1 $x$ a_b ~^ [x]*";
        assert_eq!(
            escaped(hostile),
            "\\textbackslash{}input\\{/etc/passwd\\} \\& 50 \\% \\#1 \\$x\\$ a\\_b \\textasciitilde{}\
             \\textasciicircum{} {[}x{]}{*}"
        );
        assert_eq!(
            escaped("Grün ✓ 中\n"),
            "Grün $\\surd$ {[}U+4E2D{]}{[}U+000A{]}"
        );
    }
}
