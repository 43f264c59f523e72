//! Tables as LaTeX: one `table` environment a file, in the lines of the package booktabs and nothing else.
//!
//! Text from outside can neither end a cell, nor a row, nor run a command: see [`escaped`].

use std::fmt::Write;

use super::grid::{Form, Grid, Printed};
use super::table::Table;

/// What every label begins with.
const LABEL: &str = "tab:raduet-";

/// A table.
pub(super) fn file(table: &Table, form: Form) -> String {
    let grid = Grid::of(table, form);
    let (stem, caption) = match form {
        Form::Plain => (table.stem.clone(), escaped(&table.title)),
        Form::WithIntervals => {
            let how = table.intervals.as_deref().unwrap_or_default();
            let caption = format!("{}. {}", escaped(&table.title), escaped(how));
            (format!("{}_intervals", table.stem), caption)
        }
    };
    let columns: String = grid
        .is_text
        .iter()
        .map(|&is_text| if is_text { 'l' } else { 'r' })
        .collect();
    // A twin is too wide for a column, and for a page at full size.
    let (environment, size) = match form {
        Form::Plain => ("table", ""),
        Form::WithIntervals => (
            "table*",
            "  \\scriptsize\n  \\setlength{\\tabcolsep}{3pt}\n",
        ),
    };
    let heads: Vec<String> = grid.head.iter().map(|head| escaped(head)).collect();
    // Writing to a String cannot fail.
    let mut text = format!(
        "% {number}needs \\usepackage{{booktabs}}\n\\begin{{{environment}}}[htbp]\n  \\centering\n  \
         \\caption{{{caption}.}}\n  \\label{{{LABEL}{label}}}\n{size}  \\begin{{tabular}}{{{columns}}}\n    \
         \\toprule\n    {head} \\\\\n    \\midrule\n",
        label = stem.replace('_', "-"),
        number = if table.number.is_empty() {
            String::new()
        } else {
            format!("the paper's Table {}; ", table.number)
        },
        head = heads.join(" & "),
    );
    for (at, group) in grid.groups.iter().enumerate() {
        if at > 0 {
            text.push_str("    \\midrule\n");
        }
        for (at, row) in group.iter().enumerate() {
            if row.is_reference && at > 0 && !group[at - 1].is_reference {
                let _ = writeln!(text, "    \\cmidrule{{1-{}}}", grid.head.len());
            }
            let _ = writeln!(text, "    {} \\\\", cells(row).join(" & "));
        }
    }
    text.push_str("    \\bottomrule\n  \\end{tabular}\n");
    for note in &table.notes {
        let _ = writeln!(
            text,
            "  \\par\\smallskip{{\\footnotesize {}}}",
            escaped(note)
        );
    }
    let _ = writeln!(text, "\\end{{{environment}}}");
    text
}

/// A document that shows the tables of these stems, to look at them or to compile them at once.
pub(super) fn document(stems: &[String]) -> String {
    let mut text = String::from(
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n\\usepackage{booktabs}\n\
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
            '×' => out.push_str("$\\times$"),
            '↑' => out.push_str("$\\uparrow$"),
            '✓' => out.push_str("$\\surd$"),
            '✗' => out.push_str("$\\times$"),
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
