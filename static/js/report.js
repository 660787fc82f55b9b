// Draws the charts of an audit report; the table beside each holds the same numbers.
"use strict";

const TONES = ["--c-brand", "--c-accent", "--c-danger", "--c-vip", "--c-good", "--c-warn", "--c-quiet"];

function startReport(canvas) {
  const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language === "en" ? "en-GB" : language);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const box = canvas.parentElement;
  let chart = null;

  if (data.lies) {
    // Room for a name of several lines beside its bars.
    box.style.height = `${90 + data.labels.length * (box.clientWidth < 480 ? 50 : 42)}px`;
  }

  function shades() {
    // Two periods are one colour, full and pale; kinds of things are several colours.
    if (!data.is_stacked) {
      return [colour("--c-brand"), colour("--c-line-strong")];
    }
    return TONES.map(colour);
  }

  function draw() {
    const text = colour("--c-text");
    const line = colour("--c-line");
    const tones = shades();
    const datasets = data.series.map((one, index) => ({
      label: one.label,
      data: one.values,
      backgroundColor: tones[index % tones.length],
      borderRadius: 2,
      maxBarThickness: 22,
    }));
    const counts = { beginAtZero: true, stacked: data.is_stacked, grid: { color: line }, ticks: { color: text, precision: 0, maxTicksLimit: 6, callback: (value) => number.format(value) } };
    const names = { stacked: data.is_stacked, grid: { display: false }, ticks: { color: text, autoSkip: !data.lies, maxRotation: 0 } };
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    chart?.destroy();
    chart = new window.Chart(canvas, {
      type: "bar",
      data: { labels: data.labels.map((one) => (data.lies ? folded(one) : one)), datasets },
      options: {
        indexAxis: data.lies ? "y" : "x",
        animation: isCalm ? false : { duration: 250 },
        maintainAspectRatio: false,
        scales: data.lies ? { x: counts, y: names } : { x: names, y: counts },
        plugins: {
          legend: { display: datasets.length > 1, labels: { color: text, boxWidth: 14 } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${number.format(item.raw)}` } },
        },
      },
    });
  }

  // A long name takes several lines, so that the bars keep their room.
  function folded(label) {
    const most = box.clientWidth < 480 ? 16 : 36;
    const words = language === "en" ? label.split(" ") : [...label];
    const gap = language === "en" ? " " : "";
    const lines = [""];
    for (const word of words) {
      const last = lines.at(-1);
      if (last && last.length + word.length >= most) {
        lines.push(word);
      } else {
        lines[lines.length - 1] = last ? last + gap + word : word;
      }
    }
    // The table says it in full.
    return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
  }

  drawAlways(draw);
}

document.querySelectorAll("canvas[data-chart]").forEach(startReport);
