// Offers codes while one types: a combobox over the text box of a coded field. Free text is always taken.
"use strict";

function startCoding(input, number) {
  const hidden = input.parentElement.querySelector(`input[type=hidden][name="${input.name}_code"]`);
  const field = input.closest(".c-field");
  const panel = document.createElement("div");
  const said = document.createElement("p");
  const hint = document.createElement("p");
  let timer = 0;
  let isChoosing = false;

  panel.className = "c-coding__panel";
  panel.id = `coding-panel-${number}`;
  panel.hidden = true;
  panel.setAttribute("role", "listbox");
  panel.setAttribute("aria-label", field.querySelector("label").textContent);
  said.className = "c-coding__said";
  said.setAttribute("role", "status");
  hint.className = "visually-hidden";
  hint.id = `coding-hint-${number}`;
  hint.textContent = input.dataset.hint;
  hidden.after(panel, said, hint);
  field.classList.add("c-coding");
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": panel.id,
    "aria-describedby": `${input.getAttribute("aria-describedby") || ""} ${hint.id}`.trim(),
  })) {
    input.setAttribute(name, value);
  }

  const options = () => [...panel.querySelectorAll("[role=option]")];
  const active = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

  function tell() {
    const code = hidden.value.split("|").pop();
    const words = code === "" ? input.dataset.free : `${input.dataset.coded} ${hidden.dataset.said || code}`;
    said.textContent = input.value.trim() === "" ? "" : words;
    said.classList.toggle("c-coding__said--coded", code !== "");
  }

  function close() {
    panel.hidden = true;
    panel.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    options().forEach((option, index) => {
      option.id = `${panel.id}-${index}`;
      option.setAttribute("aria-selected", String(index === place));
      if (index === place) {
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      }
    });
  }

  function suggest(option) {
    // What a code list knows of a measurement; what somebody chose before is left alone.
    for (const [name, value] of [["unit", option.dataset.unit], ["low", option.dataset.low], ["high", option.dataset.high]]) {
      const other = input.form.elements.namedItem(name);
      if (other && (other.value === "" || other.dataset.suggested === other.value)) {
        other.value = value && name !== "unit" ? String(Number(value)) : value;
        other.dataset.suggested = other.value;
      }
    }
  }

  function choose(option) {
    isChoosing = true;
    input.value = option.dataset.text;
    hidden.value = option.dataset.name;
    hidden.dataset.said = option.dataset.said;
    if (input.dataset.coding === "observation") {
      suggest(option);
    }
    close();
    tell();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    isChoosing = false;
  }

  function ask() {
    const token = input.form.elements.namedItem("csrfmiddlewaretoken").value;
    const values = { q: input.value, csrfmiddlewaretoken: token };
    window.htmx.ajax("POST", input.dataset.codes, { target: panel, values });
  }

  function open() {
    const typed = panel.firstElementChild?.dataset.typed;
    if (typed !== input.value.slice(0, 80) || document.activeElement !== input) {
      close();
      return;
    }
    panel.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(-1);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (isChoosing) {
      return;
    }
    hidden.value = "";
    tell();
    if (input.value.trim() === "") {
      close();
    } else {
      timer = setTimeout(ask, 180);
    }
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.isComposing || panel.hidden || count === 0) {
      if (event.key === "Escape" && !panel.hidden) {
        close();
      }
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active() + step + (active() < 0 && step < 0 ? 1 : 0) + count) % count);
    } else if (event.key === "Enter" && active() >= 0) {
      event.preventDefault();
      choose(options()[active()]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });
  panel.addEventListener("htmx:afterSwap", open);
  // Before the box loses the focus, so that the choice is made.
  panel.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) {
      choose(option);
    }
  });
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    close();
  });
  tell();
}

document.querySelectorAll("input[data-coding]").forEach(startCoding);
