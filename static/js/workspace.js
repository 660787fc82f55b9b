// Conveniences of the workspace. Every flow works without them: forms post, links lead to pages.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

// --- search: "/" goes there, arrows walk through the people found, Escape closes -------------
function startSearch(form) {
  const input = find("input[type=search]", form);
  const panel = find("#search-panel");
  const status = find("[data-search-status]", form);
  const links = () => all("[data-hits] a", panel);

  function close() {
    panel.hidden = true;
    status.textContent = "";
  }

  function open() {
    const content = panel.firstElementChild;
    panel.hidden = content === null || input.value.trim() === "";
    status.textContent = panel.hidden ? "" : content.dataset.status || "";
  }

  function step(event) {
    const people = links();
    const here = people.indexOf(document.activeElement);
    if (people.length === 0 || panel.hidden) {
      return;
    }
    event.preventDefault();
    const there = here + (event.key === "ArrowDown" ? 1 : -1);
    if (there < 0) {
      input.focus();
    } else {
      people[Math.min(there, people.length - 1)].focus();
    }
  }

  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      step(event);
    } else if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      close();
      input.focus();
    } else if (event.key === "Enter" && event.target === input && links().length === 1 && !panel.hidden) {
      event.preventDefault();
      links()[0].click();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  panel.addEventListener("htmx:afterSwap", open);
  input.addEventListener("focus", open);
  input.addEventListener("input", () => {
    if (input.value.trim() === "") {
      panel.replaceChildren();
      close();
    }
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) {
      close();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) {
      close();
    }
  });
}

// --- menus: one click or Escape outside closes them -------------------------------------------
function startMenu(menu) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      find("summary", menu).focus();
    }
  });
}

// --- appearance: changed at once, remembered by the server ------------------------------------
function startTheme(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = event.submitter;
    const data = new FormData(form, chosen);
    if (chosen.value === "auto") {
      delete document.documentElement.dataset.bsTheme;
    } else {
      document.documentElement.dataset.bsTheme = chosen.value;
    }
    for (const button of all("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === chosen.value));
    }
    fetch(form.action, { method: "POST", body: data, redirect: "manual" });
  });
}

// --- tabs: arrows move between them, Enter opens -----------------------------------------------
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[data-tabs] a");
  if (tab === null) {
    return;
  }
  const tabs = all("a", tab.parentElement);
  const last = tabs.length - 1;
  const here = tabs.indexOf(tab);
  const goal = {
    ArrowRight: here === last ? 0 : here + 1,
    ArrowLeft: here === 0 ? last : here - 1,
    Home: 0,
    End: last,
  }[event.key];
  if (goal !== undefined) {
    event.preventDefault();
    tabs[goal].focus();
  }
});

function showOpenTab() {
  find("[data-tabs] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

// --- forms: asked once more, sent once, sent by choosing ---------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if ("once" in form.dataset) {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
    }
    form.setAttribute("aria-busy", "true");
  }
});
window.addEventListener("pageshow", () => all("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));
document.addEventListener("change", (event) => {
  if ("submitOnChange" in event.target.dataset) {
    event.target.form.requestSubmit();
  }
});

// --- what htmx brought: say failures aloud, no month twice, hide revealed values again ---------
function tell(words) {
  const notices = find("#notices");
  const alert = document.createElement("div");
  alert.className = "c-alert c-alert--warn";
  alert.append(Object.assign(document.createElement("p"), { textContent: words }));
  notices.replaceChildren(alert);
}

function hideLater(revealed) {
  const seconds = Number(revealed.dataset.hideAfter);
  delete revealed.dataset.hideAfter;
  setTimeout(() => {
    find(".c-masked__value", revealed).textContent = "••••";
    revealed.classList.remove("c-masked--open");
  }, seconds * 1000);
}

document.addEventListener("htmx:responseError", (event) => {
  const notices = find("#notices");
  const words = { 403: notices.dataset.refused, 404: notices.dataset.gone, 503: notices.dataset.unrecorded };
  tell(words[event.detail.xhr.status] || notices.dataset.failed);
});
document.addEventListener("htmx:sendError", () => tell(find("#notices").dataset.offline));
document.addEventListener("htmx:afterSettle", () => {
  find("#notices")?.replaceChildren();
  const seen = new Set();
  for (const month of all("[data-month]")) {
    if (seen.has(month.dataset.month)) {
      month.remove();
    }
    seen.add(month.dataset.month);
  }
  for (const value of all("[data-focus]")) {
    value.removeAttribute("data-focus");
    value.focus();
  }
  all("[data-hide-after]").forEach(hideLater);
  showOpenTab();
});

// A tab brought in by htmx has an address of its own: choosing a purpose or a language comes back to it.
document.addEventListener("htmx:pushedIntoHistory", () => {
  for (const next of all("input[data-here]")) {
    next.value = location.pathname + location.search;
  }
});

all("[data-search]").forEach(startSearch);
all("[data-menu]").forEach(startMenu);
all("[data-theme-form]").forEach(startTheme);
showOpenTab();
all("[data-hide-after]").forEach(hideLater);
