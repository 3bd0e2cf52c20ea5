// A basket that is typed or scanned faster than the line answers: what is added waits its turn, the field is free for the
// next one at once, and whatever is typed meanwhile stays where it is. Without scripts the same form adds one by one.
(() => {
  "use strict";
  const queues = new WeakMap(); // by form, what waits: {name, value} of a product, of a button, or of nothing (the quote)
  const typed = (basket) =>
    [...basket.querySelectorAll("input:not([type=hidden])")].map((input, place, every) => ({
      input,
      name: input.name,
      at: every.slice(0, place).filter((other) => other.name === input.name).length,
    }));

  // What was typed into the lines since they were sent, and where one stands, as they are called after the answer.
  function kept(basket, sent, removed) {
    return typed(basket)
      .map(({ input, name, at }) => ({
        name,
        at: removed !== null && name !== "delivery" ? (at === removed ? -1 : at - Number(at > removed)) : at,
        value: input.value,
        isChanged: input.value !== sent.get(input),
        isHere: input === document.activeElement,
        marks: [input.selectionStart, input.selectionEnd],
      }))
      .filter((one) => one.at >= 0 && (one.isChanged || one.isHere));
  }

  function restore(basket, before) {
    const now = typed(basket);
    before.forEach((one) => {
      const found = now.find(({ name, at }) => name === one.name && at === one.at)?.input;
      if (!found) return;
      if (one.isChanged) found.value = one.value;
      if (one.isHere) {
        found.focus();
        found.setSelectionRange(...one.marks);
      }
    });
  }

  function put(form, fresh, sent, job) {
    const basket = form.querySelector("[data-basket]");
    const before = kept(basket, sent, job.name === "remove" ? Number(job.value) : null);
    const told = job.told ? [...basket.querySelectorAll("[data-told]")] : [];
    const isLost = basket.contains(document.activeElement);
    basket.replaceWith(fresh);
    window.htmx.process(fresh);
    if (told.length && job.name === "product") fresh.prepend(...told);
    restore(fresh, before);
    const product = form.elements.product;
    const isLast = queues.get(form).length === 1;
    if (isLast && fresh.querySelector("[role=alert]") && job.name === "product" && !product.value) {
      product.value = job.value;
      product.select();
    }
    if (isLost && !fresh.contains(document.activeElement)) product.focus();
  }

  async function ask(form, job) {
    const { say, hush, csrf } = window.regulars;
    const words = document.getElementById("alerts").dataset;
    const sent = new Map(typed(form.querySelector("[data-basket]")).map(({ input }) => [input, input.value]));
    const body = new URLSearchParams(new FormData(form));
    body.set("product", "");
    if (job.name) body.set(job.name, job.value);
    let response;
    try {
      const headers = { "HX-Request": "true", "HX-Current-URL": location.href, "X-CSRFToken": csrf() };
      response = await fetch(form.action, { method: "POST", body, headers });
    } catch {
      return say(words.offline);
    }
    const elsewhere = response.headers.get("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    if (!response.ok && response.status !== 422) {
      return say(response.status >= 500 ? words.error : response.status === 429 ? words.busy : words.refused);
    }
    hush();
    const text = await response.text();
    if (!form.isConnected) return true;
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-basket]");
    if (fresh && job.name) put(form, document.adoptNode(fresh), sent, job);
    else window.htmx.swap(document.getElementById("work"), text, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 20 });
    return true;
  }

  async function work(form, waiting) {
    let told = false;
    while (waiting.length && form.isConnected) {
      const [job] = waiting;
      const isAnswered = await ask(form, { ...job, told });
      told = waiting.length > 1;
      if (isAnswered) {
        waiting.shift();
        continue;
      }
      // Nothing was added: what waits is given up, and the first product of it stands in the field again.
      const first = waiting.splice(0).find((one) => one.name === "product");
      if (first && !form.elements.product.value) form.elements.product.value = first.value;
    }
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-adds]");
      if (!form) return;
      event.preventDefault();
      event.stopPropagation();
      const product = form.elements.product;
      const text = product.value.trim();
      const button = event.submitter?.name ? event.submitter : null;
      if (!queues.has(form)) queues.set(form, []);
      const waiting = queues.get(form);
      if (button) waiting.push({ name: button.name, value: button.value });
      else waiting.push(text ? { name: "product", value: text } : { name: "", value: "" });
      if (!button) product.value = "";
      if (waiting.length === 1) work(form, waiting);
    },
    true,
  );
})();
