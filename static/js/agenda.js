// The calendar by keyboard: arrows between times and columns, letters to other days.
"use strict";

const columnsOf = (agenda) =>
  [...agenda.querySelectorAll("section")].map((column) => [...column.querySelectorAll("a, button")]);

function agendaGoal(columns, here, key) {
  const column = columns.findIndex((links) => links.includes(here));
  const row = columns[column].indexOf(here);
  if (key === "ArrowDown" || key === "ArrowUp") {
    return columns[column][row + (key === "ArrowDown" ? 1 : -1)];
  }
  const step = key === "ArrowRight" ? 1 : -1;
  for (let next = column + step; next >= 0 && next < columns.length; next += step) {
    if (columns[next].length > 0) {
      return columns[next][Math.min(row, columns[next].length - 1)];
    }
  }
  return undefined;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) {
    return;
  }
  const agenda = event.target.closest("[data-agenda]");
  if (agenda !== null && event.key.startsWith("Arrow")) {
    const here = event.target.closest("a, button");
    const goal = here === null ? undefined : agendaGoal(columnsOf(agenda), here, event.key);
    if (goal !== undefined) {
      event.preventDefault();
      goal.focus();
    }
    return;
  }
  if (event.key.length !== 1 || event.shiftKey) {
    return;
  }
  const link = [...document.querySelectorAll("a[data-key]")].find((one) => one.dataset.key === event.key);
  if (link !== undefined) {
    event.preventDefault();
    link.click();
  }
});
