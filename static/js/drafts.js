// Keeps what is typed: a form with data-draft="address" is sent there a moment after each pause, and at once
// when the page is left. Nothing is stored in the browser.
"use strict";

const PAUSE = 1500;
const RETRY = 5000;

function startDraft(form) {
  const said = form.querySelector("[data-draft-said]");
  let timer = 0;
  let isDirty = false;
  let isSaving = false;
  let isEnded = false;
  let waiting = null;

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
      if (isEnded) {
        await comeBack();
      }
      const answer = await fetch(form.dataset.draft, { method: "POST", body: content(), redirect: "manual" });
      if (answer.ok) {
        isEnded = false;
        said.textContent = (await answer.json()).said;
        said.classList.remove("c-draft--lost");
      } else {
        isEnded = answer.type === "opaqueredirect" || answer.status === 403;
        fail(isEnded ? said.dataset.ended : said.dataset.failed);
      }
    } catch {
      fail(said.dataset.failed);
    }
    isSaving = false;
    if (waiting && !isEnded) {
      form.requestSubmit(waiting);
      return;
    }
    waiting = null;
    if (isDirty) {
      timer = setTimeout(keep, said.classList.contains("c-draft--lost") ? RETRY : PAUSE);
    }
  }

  // Somebody who signed in again in another window has a new token; it is taken over for the same writer only.
  async function comeBack() {
    const answer = await fetch(location.href, { redirect: "manual" });
    const writer = form.elements.draft_writer;
    if (!answer.ok || !writer) {
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const again = page.querySelector("form[data-draft]");
    if (again && again.elements.draft_writer.value === writer.value) {
      form.elements.csrfmiddlewaretoken.value = again.elements.csrfmiddlewaretoken.value;
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
  form.addEventListener("draft:keep", () => {
    isDirty = true;
    keep();
  });
  form.addEventListener("submit", (event) => {
    // Sent into an ended session the words would be gone: the page holds them until somebody signs in again.
    // And a draft on its way would come back to life after what was sent has ended it.
    if (isEnded || isSaving) {
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = isSaving ? event.submitter : null;
      keep();
      return;
    }
    clearTimeout(timer);
    isDirty = false;
    waiting = null;
  }, { capture: true });
  document.addEventListener("submit", (event) => {
    if ("endsDraft" in event.target.dataset) {
      clearTimeout(timer);
      isDirty = false;
    }
  });
  window.addEventListener("pagehide", () => {
    if (isDirty) {
      navigator.sendBeacon(form.dataset.draft, content());
    }
  });
}

document.querySelectorAll("form[data-draft]").forEach(startDraft);
