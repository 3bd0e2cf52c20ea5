// The member's card: a small celebration, sharing, a look for news, and the card kept for when there is no line.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function celebrate(at) {
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(80);
    if (calm || !at.animate) return;
    const box = at.getBoundingClientRect();
    for (let n = 0; n < 28; n += 1) {
      const bit = document.createElement("i");
      bit.className = `bit bit-${n % 4}`;
      bit.setAttribute("aria-hidden", "true");
      bit.style.left = `${box.left + box.width / 2}px`;
      bit.style.top = `${box.top + Math.min(box.height / 2, 90)}px`;
      document.body.append(bit);
      const turn = (n / 28) * 2 * Math.PI;
      const far = 90 + Math.random() * 110;
      const [x, y] = [Math.cos(turn) * far, Math.sin(turn) * far - 60];
      const frames = [
        { transform: "none", opacity: 1 },
        { transform: `translate(${x}px, ${y}px) rotate(200deg)`, opacity: 1, offset: 0.55 },
        { transform: `translate(${x * 1.15}px, ${y + 160}px) rotate(480deg)`, opacity: 0 },
      ];
      bit.animate(frames, { duration: 1300 + Math.random() * 500, easing: "ease-out" }).onfinish = () => bit.remove();
    }
  }
  document.querySelectorAll("[data-celebrate], .stamp-new").forEach(celebrate);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-share]");
    if (!button) return;
    const { shareUrl: url, shareTitle: title, shareText: text, copied } = button.dataset;
    try {
      if (navigator.share) return await navigator.share({ url, title, text });
      await navigator.clipboard.writeText(url);
      button.querySelector("span").textContent = copied;
    } catch {
      // Closed without sharing.
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  // data-refresh names a tiny address whose text changes when the card did, e.g. while the cashier stamps it; data-seen
  // is its text now, data-to the page to go to then.
  const live = document.querySelector("[data-refresh]");
  if (live) {
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(live.dataset.refresh, { cache: "no-store" });
        if (answer.ok && (await answer.text()).trim() !== live.dataset.seen) location.replace(live.dataset.to);
      } catch {
        // No line: the card stays as it is.
      }
    }, (live.dataset.refreshSeconds || 4) * 1000);
  }

  // A form is sent once, however often its button is tapped; coming back to the page frees it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent);
  });
  document.querySelector("form[data-autopost]")?.requestSubmit();

  // The page of a stamp that landed becomes the card's own address, so that loading it anew sends nothing again.
  const landed = document.querySelector("[data-address]");
  if (landed) history.replaceState(null, "", landed.dataset.address);

  // The code of a reward runs down, and takes the next one by itself while somebody looks at it.
  const started = Date.now();
  const bar = document.querySelector("progress[data-countdown]");
  const renew = document.querySelector("form[data-renew]");
  if (bar && renew) {
    setInterval(() => {
      const left = Number(bar.dataset.countdown) - (Date.now() - started) / 1000;
      bar.value = Math.max(0, left);
      if (left > 0 || document.hidden || renew.dataset.sent) return;
      renew.dataset.sent = "1";
      renew.requestSubmit();
    }, 500);
  }

  const away = document.querySelector("[data-away]");
  const line = () => away && (away.hidden = navigator.onLine);
  ["online", "offline"].forEach((name) => addEventListener(name, line));
  line();

  const worker = document.querySelector("[data-sw]")?.dataset.sw;
  if (worker && "serviceWorker" in navigator) navigator.serviceWorker.register(worker, { scope: worker.replace(/\/sw\.js$/, "") }).catch(() => {});
})();
