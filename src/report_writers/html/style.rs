//! The style sheet. Blue and vermilion of the arms keep apart for every common colour vision (Okabe and
//! Ito 2008); shapes and dashes repeat what colours say.

/// Everything, inside the page.
pub(super) const SHEET: &str = r#":root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1a1a1a; --quiet: #595959; --rule: #d4d4d4; --band: #f4f4f2;
  --deep: #0072b2; --radiomics: #c44e00; --reference: #6b6b6b; --shade-rgb: 0, 114, 178;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181b; --ink: #e8e8e6; --quiet: #a9a9a6; --rule: #3d4044; --band: #202327;
    --deep: #56b4e9; --radiomics: #f0a030; --reference: #a0a0a0; --shade-rgb: 86, 180, 233;
  }
}
@media print {
  :root {
    --paper: #ffffff; --ink: #000000; --quiet: #444444; --rule: #bbbbbb; --band: #f4f4f2;
    --deep: #0072b2; --radiomics: #c44e00; --reference: #6b6b6b; --shade-rgb: 0, 114, 178;
  }
  section, figure, table { break-inside: avoid; }
  td { print-color-adjust: exact; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.35rem; font-weight: 600; line-height: 1.35; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
.verdict {
  font-size: 1.25rem; line-height: 1.4; margin: 0; padding: .75rem 1rem;
  background: var(--band); border-left: .35rem solid var(--quiet); overflow-wrap: anywhere; max-width: none;
}
.verdict strong { display: block; font-size: 1.6rem; line-height: 1.3; }
p { max-width: 48rem; }
.note, figcaption { color: var(--quiet); font-size: .875rem; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); font-size: .875rem; padding: 0 0 .4rem; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; vertical-align: top; }
th { font-weight: 600; }
tbody th { font-weight: 400; }
.words { text-align: left; white-space: normal; overflow-wrap: break-word; }
thead tr:last-child th { border-bottom: 1px solid var(--ink); }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
td small { display: block; color: var(--quiet); font-size: .75rem; line-height: 1.2; }
.board { width: 100%; }
.board .next { border-left: 1px solid var(--rule); }
.board [scope="colgroup"] { text-align: center; border-bottom: 1px solid var(--rule); }
.board .arm th { text-align: left; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; padding-top: .7rem; }
.board .deep .arm th { color: var(--deep); }
.board .radiomics .arm th { color: var(--radiomics); }
.board .best > * { font-weight: 700; background: var(--band); }
.board .reference { color: var(--quiet); border-top: 3px double var(--ink); }
.confusion td { text-align: center; min-width: 4.5rem; background: rgba(var(--shade-rgb), var(--shade)); border: 1px solid var(--rule); }
.confusion td small { color: inherit; font-weight: 400; }
.confusion thead th { text-align: center; white-space: normal; }
.confusion .right { outline: 2px solid var(--ink); outline-offset: -2px; font-weight: 700; }
.panels { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: flex-start; }
.panels > * { margin: 0; max-width: 100%; }
figure { margin: .75rem 0; }
.panels figcaption { font-weight: 600; color: var(--ink); overflow-wrap: anywhere; max-width: 310px; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
svg.wide { width: 760px; min-width: 560px; }
svg.panel { width: 310px; }
svg text { fill: var(--ink); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .strong { font-weight: 700; }
.frame { fill: none; stroke: var(--rule); }
.grid { stroke: var(--rule); }
.guide { stroke: var(--quiet); stroke-dasharray: 3 3; }
.count { fill: var(--rule); }
.mark { stroke: var(--paper); stroke-width: 1; }
.mark.deep { fill: var(--deep); }
.mark.radiomics { fill: var(--radiomics); }
.mark.reference { fill: var(--reference); }
.interval { stroke-width: 3.5; }
.outer { fill: none; stroke-width: 1.2; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dash1 { stroke-dasharray: 7 4; }
.dash2 { stroke-dasharray: 2 3; }
.dash3 { stroke-dasharray: 9 3 2 3; }
line.deep, polyline.deep, .outer.deep { stroke: var(--deep); }
line.radiomics, polyline.radiomics, .outer.radiomics { stroke: var(--radiomics); }
line.reference, polyline.reference, .outer.reference { stroke: var(--reference); }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, "SF Mono", Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .verdict { font-size: 1.05rem; }
  .verdict strong { font-size: 1.3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
"#;
