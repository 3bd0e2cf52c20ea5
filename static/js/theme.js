// Before the first paint: when the visitor chose neither light nor dark, follow the device.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  if (root.dataset.theme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (!root.dataset.theme) root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  };
  follow();
  dark.addEventListener("change", follow);
})();
