// A signature drawn with a finger, a pen or the mouse: kept as points of a field of 1000 by 1000.
"use strict";

(() => {
  const SIDE = 1000;
  const MOST_POINTS = 4000;

  function start(part) {
    const canvas = part.querySelector("canvas");
    const hidden = part.querySelector("input[type=hidden]");
    const form = part.closest("form");
    const pen = canvas.getContext("2d");
    let strokes = [];
    let isDrawing = false;

    function draw() {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.lineWidth = 5;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = getComputedStyle(canvas).color;
      for (const stroke of strokes) {
        pen.beginPath();
        stroke.forEach(([x, y], place) => {
          const at = [(x / SIDE) * canvas.width, (y / SIDE) * canvas.height];
          if (place === 0) {
            pen.moveTo(...at);
          } else {
            pen.lineTo(...at);
          }
        });
        pen.stroke();
      }
      hidden.value = strokes.length > 0 ? JSON.stringify(strokes) : "";
    }

    function point(event) {
      const field = canvas.getBoundingClientRect();
      const share = (part, whole) => Math.round(Math.min(Math.max(part / whole, 0), 1) * SIDE);
      return [share(event.clientX - field.left, field.width), share(event.clientY - field.top, field.height)];
    }

    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      isDrawing = true;
      strokes.push([point(event)]);
      draw();
    });
    canvas.addEventListener("pointermove", (event) => {
      const count = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
      if (isDrawing && count < MOST_POINTS) {
        strokes.at(-1).push(point(event));
        draw();
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        isDrawing = false;
      });
    }
    part.querySelector("[data-sign-clear]").addEventListener("click", () => {
      strokes = [];
      draw();
    });

    // Only what the chosen way needs is in sight.
    const typed = form.elements.namedItem("typed")?.closest(".c-field");
    const witness = form.elements.namedItem("witness")?.closest(".c-field");
    function show() {
      const way = new FormData(form).get("method");
      part.hidden = way !== "drawn";
      if (typed) {
        typed.hidden = way !== "typed";
      }
      if (witness) {
        witness.hidden = way !== "verbal";
      }
    }
    form.addEventListener("change", show);
    show();
    try {
      strokes = JSON.parse(hidden.value || "[]");
    } catch {
      strokes = [];
    }
    draw();
  }

  const begin = () => document.querySelectorAll("[data-sign]:not([data-begun])").forEach((part) => {
    part.dataset.begun = "";
    start(part);
  });
  begin();
  document.addEventListener("htmx:afterSwap", begin);
})();
