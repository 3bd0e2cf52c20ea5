// A sign-up guesses country and time zone by the clock of the device, and says what it guessed.
(() => {
  "use strict";
  const box = document.querySelector("details.guessed");
  const select = (name) => box.querySelector(`select[name="${name}"]`);
  const chosen = (name) => select(name).selectedOptions[0];
  const zones = select("time_zone").options;

  function show() {
    const values = {
      country: chosen("country").text,
      currency: select("currency").value || chosen("country").dataset.currency,
      language: chosen("language").text,
    };
    for (const at of box.querySelectorAll("[data-guessed]")) at.textContent = values[at.dataset.guessed];
  }

  // A country of several zones needs the one of the clock; with another country it means nothing any more.
  function guess() {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const country = [...zones].find((zone) => zone.value === here)?.dataset.country;
    if (!country) return;
    select("country").value = country;
    if ([...zones].filter((zone) => zone.dataset.country === country).length > 1) select("time_zone").value = here;
  }

  box.addEventListener("change", (event) => {
    if (event.target === select("country") && chosen("time_zone").dataset.country !== select("country").value)
      select("time_zone").value = "";
    show();
  });
  if ("byClock" in box.dataset) guess();
  show();
})();
