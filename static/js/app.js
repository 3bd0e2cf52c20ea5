// What every page of the console, the counter and the public site needs beyond plain forms and links.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

  // One region speaks for all: failures of the server or of the line are said there.
  function say(text, tone = "danger") {
    const region = document.getElementById("alerts");
    if (!region || !text) return;
    const alert = document.createElement("div");
    alert.className = `alert alert-${tone}`;
    alert.dataset.spoken = "";
    alert.textContent = text;
    all("[data-spoken]", region).forEach((old) => old.remove());
    region.append(alert);
    region.scrollIntoView({ block: "nearest" });
  }
  const hush = () => all("#alerts [data-spoken]").forEach((alert) => alert.remove());
  const words = () => document.getElementById("alerts")?.dataset || {};
  window.regulars = { say, hush, csrf };

  document.addEventListener("htmx:configRequest", (event) => {
    if (csrf()) event.detail.headers["X-CSRFToken"] = csrf();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) return; // the answer sends the browser to the log-in page
    say(status >= 500 ? words().error : status === 429 ? words().busy : words().refused);
  });
  ["htmx:sendError", "htmx:timeout"].forEach((name) =>
    document.addEventListener(name, () => say(words().offline)));
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status < 400) hush();
  });

  // After a swap the reader stands at the first thing to mend, or where the page says, and never nowhere: if what had
  // the focus is gone, the new part has it. Who is typing elsewhere goes on typing.
  let stood;
  document.addEventListener("focusin", (event) => (stood = event.target));
  function settle(within) {
    const at = document.activeElement;
    if (at?.matches("input, select, textarea") && !within.contains(at)) return;
    const target = within.querySelector('[aria-invalid="true"]') || within.querySelector("[data-autofocus]");
    if (target) return target.focus();
    if (at !== document.body || within === document || !stood || stood.isConnected) return;
    within.tabIndex = -1;
    within.focus();
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    settle(event.detail.elt);
    charts(event.detail.elt);
  });

  // Light, dark, or as the device says; the server reads the cookie for the next page.
  function theme(choice) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    const dark = choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
    document.querySelector('meta[name="color-scheme"]').content = choice === "auto" ? "light dark" : choice;
    all("[data-theme-set]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice)));
    charts(document, true);
  }

  function menu(open, opener) {
    const sidebar = document.getElementById("menu");
    root.classList.toggle("menu-open", open);
    if (location.hash === "#menu") history.replaceState(null, "", location.pathname + location.search);
    if (open) sidebar?.querySelector("a.sidebar-link, a")?.focus();
    else if (opener !== false) document.querySelector("[data-menu-open]")?.focus();
  }

  async function copy(button) {
    const text = button.dataset.copy || document.querySelector(button.dataset.copyTarget)?.textContent || "";
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      return;
    }
    const label = button.querySelector("span") || button;
    const before = label.textContent;
    label.textContent = button.dataset.copied || before;
    setTimeout(() => (label.textContent = before), 2000);
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    all("details.menu[open]").forEach((open) => open.contains(event.target) || open.removeAttribute("open"));
    const opener = at("[data-menu-open]");
    const closer = at("[data-menu-close]");
    if (opener || closer) {
      event.preventDefault();
      menu(Boolean(opener));
    }
    if (at("[data-theme-set]")) theme(at("[data-theme-set]").dataset.themeSet);
    if (at("[data-copy], [data-copy-target]")) copy(at("[data-copy], [data-copy-target]"));
    if (at("[data-print]")) window.print();
    if (at("[data-confirm-close]")) {
      const box = at("details");
      box.removeAttribute("open");
      box.querySelector("summary").focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details.menu[open], details.confirm[open]");
    if (open) {
      open.removeAttribute("open");
      open.querySelector("summary").focus();
    } else if (root.classList.contains("menu-open")) menu(false);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
    const name = event.target.dataset?.checkAll;
    if (name) all(`[name="${name}"]`, event.target.form).forEach((box) => (box.checked = event.target.checked));
  });

  // Charts are drawn from the page's own tables: Chart.js is fetched only where there is one.
  let library;
  function chartLibrary() {
    const src = document.querySelector("[data-chart-src]")?.dataset.chartSrc;
    library ||= new Promise((resolve, reject) => {
      if (!src) return reject(new Error("no chart library"));
      const script = document.createElement("script");
      script.src = src;
      script.onload = () => resolve(window.Chart);
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }
  const faint = (colour, share) => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return `rgba(${r}, ${g}, ${b}, ${share})`;
  };
  function draw(Chart, box, table) {
    const style = getComputedStyle(box);
    const [ink, grid, text] = [style.color, style.borderTopColor, style.caretColor].map((c) => faint(c, 1));
    const rows = all("tbody tr", table);
    const labels = rows.map((row) => row.cells[0].textContent.trim());
    const heads = all("thead th", table).slice(1).map((head) => head.textContent.trim());
    const last = rows.length - Number(table.dataset.chartHighlight || 0);
    const line = table.dataset.chart === "line";
    const datasets = heads.map((label, column) => ({
      label,
      data: rows.map((row) => Number(row.cells[column + 1].dataset.value)),
      backgroundColor: line ? faint(ink, 0.12) : rows.map((_, at) => (last === rows.length || at >= last ? ink : faint(ink, 0.32))),
      borderColor: ink,
      borderWidth: line ? 2 : 0,
      borderDash: column ? [5, 4] : [],
      borderRadius: 3,
      maxBarThickness: 28,
      fill: line && !column,
      pointRadius: 0,
      pointHitRadius: 12,
      tension: 0.25,
    }));
    Chart.getChart(box.querySelector("canvas"))?.destroy();
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    box.replaceChildren(canvas);
    box.hidden = false;
    const font = { family: style.fontFamily, size: 11 };
    new Chart(canvas, {
      type: line ? "line" : "bar",
      data: { labels, datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: { legend: { display: heads.length > 1, labels: { color: text, font } } },
        scales: {
          x: { grid: { display: false }, border: { display: false }, ticks: { color: text, font, maxRotation: 0, autoSkipPadding: 16 } },
          y: { beginAtZero: true, border: { display: false }, grid: { color: grid }, ticks: { color: text, font, precision: 0, maxTicksLimit: 6 } },
        },
      },
    });
  }
  function charts(within, again = false) {
    all("[data-chart-of]", within).forEach(async (box) => {
      const table = document.getElementById(box.dataset.chartOf);
      if (!table || (box.firstChild && !again)) return;
      try {
        draw(await chartLibrary(), box, table);
      } catch {
        table.closest("details").open = true;
      }
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(charts, 0, document, true));

  settle(document);
  charts(document);
})();
