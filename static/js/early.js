// Runs before the page is drawn: what needs script is shown only where script runs.
document.documentElement.classList.add("js");
