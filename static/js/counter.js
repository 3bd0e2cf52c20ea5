// The counter on a flaky line: a form marked data-retry="#target" is sent until it is answered, always with the same
// request key, so that however often it arrives it counts once. What waits survives a reload of the page.
(() => {
  "use strict";
  const STORE = "regulars.waiting";
  const PAUSES = [1, 2, 4, 8, 15];
  const waiting = new Map(JSON.parse(sessionStorage.getItem(STORE) || "[]"));
  const keep = () => sessionStorage.setItem(STORE, JSON.stringify([...waiting]));
  const line = () => document.querySelector("[data-line]");
  const pause = (seconds) => new Promise((resolve) => {
    const timer = setTimeout(done, seconds * 1000);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
    addEventListener("online", done);
  });

  function show() {
    const bar = line();
    const slow = [...waiting.values()].some((job) => job.tries > 0);
    if (bar && slow) {
      bar.hidden = false;
      bar.classList.remove("is-back");
      bar.textContent = bar.dataset.waiting;
    } else if (bar && !bar.hidden) {
      bar.classList.add("is-back");
      bar.textContent = bar.dataset.sent;
      setTimeout(() => waiting.size || (bar.hidden = true), 4000);
    }
    document.querySelectorAll("form[data-retry]").forEach((form) => {
      const key = form.elements.request_key?.value;
      const busy = waiting.has(key);
      form.classList.toggle("is-waiting", busy);
      form.setAttribute("aria-busy", String(busy));
      form.querySelectorAll("button").forEach((button) => (button.disabled = busy));
    });
  }

  function forget(key) {
    waiting.delete(key);
    keep();
    show();
  }

  async function answered(job, response) {
    const elsewhere = response.headers.get("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    const target = document.querySelector(job.target);
    const { say, hush } = window.regulars;
    const words = document.getElementById("alerts").dataset;
    const news = response.headers.get("HX-Trigger");
    if (news) document.body.dispatchEvent(new Event(news));
    if (response.ok || response.status === 422) {
      hush();
      if (response.redirected || !target) return location.assign(response.redirected ? response.url : location.href);
      return window.htmx.swap(target, await response.text(), { swapStyle: job.swap, swapDelay: 0, settleDelay: 20 });
    }
    say(words.refused);
  }

  async function send(key) {
    const job = waiting.get(key);
    while (waiting.has(key)) {
      const body = new URLSearchParams(job.body);
      const token = window.regulars.csrf();
      if (body.has("csrf_token") && token) body.set("csrf_token", token);
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), 10000);
      try {
        const headers = { "HX-Request": "true", "HX-Current-URL": location.href, "X-CSRFToken": token };
        const response = await fetch(job.url, { method: "POST", body, headers, signal: stop.signal });
        if (response.status < 500 && response.status !== 429) {
          forget(key);
          return await answered(job, response);
        }
      } catch {
        // No answer: it may or may not have arrived. The key makes asking again harmless.
      } finally {
        clearTimeout(timer);
      }
      job.tries += 1;
      keep();
      show();
      await pause(PAUSES[Math.min(job.tries, PAUSES.length) - 1]);
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-retry]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    const key = form.elements.request_key.value ||= crypto.randomUUID();
    if (waiting.has(key)) return;
    const body = new URLSearchParams(new FormData(form, event.submitter)).toString();
    const swap = form.dataset.retrySwap || "outerHTML";
    waiting.set(key, { url: form.getAttribute("action") || location.pathname, body, target: form.dataset.retry, swap, tries: 0 });
    keep();
    show();
    send(key);
  });

  // Plus and minus beside a number; and an empty search for the next member.
  document.addEventListener("click", (event) => {
    const q = event.target.closest?.("[data-next]") && document.getElementById("q");
    if (q) {
      q.value = "";
      if (matchMedia("(hover: hover)").matches) q.focus();
    }
    const button = event.target.closest?.("[data-step]");
    if (!button) return;
    const input = button.closest("[data-stepper]").querySelector("input");
    const wanted = (Number(input.value) || 0) + Number(button.dataset.step);
    input.value = Math.min(Math.max(wanted, Number(input.min)), Number(input.max));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // The bar under the counter code runs down to the moment of the next one.
  setInterval(() => {
    document.querySelectorAll("progress[data-countdown]").forEach((bar) => {
      bar.ends ||= Date.now() + Number(bar.dataset.countdown) * 1000;
      const left = Math.max(0, (bar.ends - Date.now()) / 1000);
      bar.value = left;
      bar.classList.toggle("is-low", left < bar.max / 5);
    });
  }, 500);

  document.addEventListener("htmx:afterSettle", show);
  addEventListener("DOMContentLoaded", () => {
    show();
    [...waiting.keys()].forEach(send);
  });
  if (document.readyState !== "loading") {
    show();
  }
})();
