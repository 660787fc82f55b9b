// The admin remembers its theme in the browser; the workspace remembers it at the server. The server wins.
localStorage.setItem("theme", document.currentScript.dataset.theme || "auto");
