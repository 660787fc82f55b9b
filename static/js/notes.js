// Keys of a note's form: Ctrl+S keeps the draft now, Ctrl+Enter does what its first button says.
"use strict";

for (const form of document.querySelectorAll("form[data-note]")) {
  form.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) {
      return;
    }
    if (event.key === "s") {
      event.preventDefault();
      form.dispatchEvent(new CustomEvent("draft:keep"));
    } else if (event.key === "Enter") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-then]"));
    }
  });
}
