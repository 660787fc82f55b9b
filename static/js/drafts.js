// Keeps what is typed: a form with data-draft="address" is sent there a moment after each pause, and at once
// when the page is left. Nothing is stored in the browser.
"use strict";

const PAUSE = 1500;

function startDraft(form) {
  const said = form.querySelector("[data-draft-said]");
  let timer = 0;
  let isDirty = false;
  let isSaving = false;

  const content = () => {
    const data = new FormData(form);
    for (const [name, value] of [...data.entries()]) {
      if (value instanceof File) {
        data.delete(name);
      }
    }
    return data;
  };

  async function keep() {
    clearTimeout(timer);
    if (!isDirty || isSaving) {
      return;
    }
    isSaving = true;
    isDirty = false;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: content(), redirect: "manual" });
      if (answer.ok) {
        said.textContent = (await answer.json()).said;
        said.classList.remove("c-draft--lost");
      } else {
        fail(answer.type === "opaqueredirect" || answer.status === 403 ? said.dataset.ended : said.dataset.failed);
      }
    } catch {
      fail(said.dataset.failed);
    }
    isSaving = false;
    if (isDirty) {
      timer = setTimeout(keep, PAUSE);
    }
  }

  function fail(words) {
    isDirty = true;
    said.textContent = words;
    said.classList.add("c-draft--lost");
  }

  form.addEventListener("input", () => {
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    isDirty = false;
  });
  window.addEventListener("pagehide", () => {
    if (isDirty) {
      navigator.sendBeacon(form.dataset.draft, content());
    }
  });
}

document.querySelectorAll("form[data-draft]").forEach(startDraft);
