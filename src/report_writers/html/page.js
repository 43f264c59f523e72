"use strict";
(() => {
  // Tables: a button in every heading sorts the rows of each group; the third click brings the first order back.
  const figure = (cell) => {
    const text = cell.textContent.trim().replace("\u2212", "-").replace(/^[<=>]\s*/, "");
    return /^[-+]?(\d|\.\d)/.test(text) ? Number.parseFloat(text) : Number.NaN;
  };
  const words = new Intl.Collator("en", { numeric: true });
  const compare = (column, numbers, sign) => (a, b) => {
    const [x, y] = [a.cells[column], b.cells[column]];
    if (!numbers) return sign * words.compare(x.textContent.trim(), y.textContent.trim());
    const [p, q] = [figure(x), figure(y)];
    // What has no value stands last either way.
    if (Number.isNaN(p) || Number.isNaN(q)) return Number(Number.isNaN(p)) - Number(Number.isNaN(q));
    return sign * (p - q);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const groups = [...table.tBodies].map((body) => [body, [...body.rows]]);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      const numbers = !head.classList.contains("words");
      const turns = numbers ? ["descending", "ascending"] : ["ascending", "descending"];
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const next = now === null ? turns[0] : now === turns[0] ? turns[1] : null;
        for (const other of heads) other.removeAttribute("aria-sort");
        if (next !== null) head.setAttribute("aria-sort", next);
        for (const [body, rows] of groups) {
          const fixed = rows.filter((row) => row.cells.length < heads.length);
          const moved = rows.filter((row) => row.cells.length >= heads.length);
          const sign = next === "ascending" ? 1 : -1;
          if (next !== null) moved.sort(compare(column, numbers, sign));
          body.append(...fixed, ...moved);
        }
      });
    });
  }
  // Figures: a button shows the drawing as large as the window; Escape or the button close it.
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  form.method = "dialog";
  const close = document.createElement("button");
  close.textContent = "close";
  form.append(close);
  dialog.append(form);
  document.body.append(dialog);
  let home = null;
  dialog.addEventListener("close", () => {
    if (home !== null) home.append(dialog.querySelector("svg"));
    home = null;
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  for (const tools of document.querySelectorAll("figure > .tools")) {
    const drawing = tools.parentElement.querySelector(".drawing");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "enlarge";
    button.addEventListener("click", () => {
      home = drawing;
      dialog.setAttribute("aria-label", tools.parentElement.querySelector("b").textContent);
      dialog.append(drawing.querySelector("svg"));
      dialog.showModal();
    });
    tools.prepend(button);
  }
  // Contents: the section in view is marked.
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target.id); else seen.delete(entry.target.id);
    }
    const first = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) {
      if (id === first) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const id of links.keys()) watch.observe(document.getElementById(id));
  // Print: what is folded is printed too.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
})();
