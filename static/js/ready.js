// Puts a ready answer where the cursor stands, so that files that were chosen and words that were typed stay.
"use strict";

for (const form of document.querySelectorAll("form[data-ready-form]")) {
  const button = form.querySelector("button[name=insert]");
  button?.addEventListener("click", (event) => {
    event.preventDefault();
    const area = form.elements.text;
    const words = form.elements.ready.selectedOptions[0]?.dataset.text ?? "";
    const isBehind = area.selectionStart > 0 && !area.value.slice(0, area.selectionStart).endsWith("\n");
    area.setRangeText(`${isBehind ? "\n" : ""}${words}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  });
}
