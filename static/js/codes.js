// One-use codes: digits only, sent with the sixth; recovery codes: copied, printed, saved.
"use strict";

function startCode(input) {
  const length = Number(input.maxLength) > 0 ? Number(input.maxLength) : 6;
  input.addEventListener("input", () => {
    input.value = input.value.replace(/\D/g, "").slice(0, length);
    if (input.value.length === length) {
      input.form.requestSubmit();
    }
  });
  // A pasted "123 456" is longer than the field allows before it is cleaned.
  input.addEventListener("paste", (event) => {
    const digits = event.clipboardData.getData("text").replace(/\D/g, "");
    if (digits.length === length) {
      event.preventDefault();
      input.value = digits;
      input.form.requestSubmit();
    }
  });
}

function codesAsText() {
  const codes = [...document.querySelectorAll("[data-codes] li")].map((item) => item.textContent.trim());
  return `Custodia 安护\n\n${codes.join("\n")}\n`;
}

function startCopy(button) {
  const words = button.querySelector("span");
  const before = words.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(codesAsText());
    words.textContent = button.dataset.copy;
    setTimeout(() => {
      words.textContent = before;
    }, 2500);
  });
}

function startDownload(button) {
  button.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([codesAsText()], { type: "text/plain" }));
    Object.assign(document.createElement("a"), { href: address, download: button.dataset.download }).click();
    URL.revokeObjectURL(address);
  });
}

document.querySelectorAll("[data-code] input").forEach(startCode);
document.querySelectorAll("[data-copy]").forEach(startCopy);
document.querySelectorAll("[data-download]").forEach(startDownload);
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
