// Emergency access: counts the minutes down and reloads the page when the time is over. Without script the
// page shows the minutes of the moment it was sent.
"use strict";

if (!window.glassCounts) {
  window.glassCounts = true;
  const start = Date.now();
  const tick = () => {
    for (const place of document.querySelectorAll("[data-glass]")) {
      const left = Number(place.dataset.glass) - (Date.now() - start) / 1000;
      const shown = place.querySelector("[data-glass-left]");
      const minutes = String(Math.max(0, Math.ceil(left / 60)));
      if (shown && shown.textContent !== minutes) {
        shown.textContent = minutes;
      }
      place.classList.toggle("c-glass--soon", left < 300);
      if (left <= 0) {
        window.location.reload();
        return;
      }
    }
    window.setTimeout(tick, 1000);
  };
  document.addEventListener("DOMContentLoaded", tick);
  if (document.readyState !== "loading") {
    tick();
  }
}
