// Draws the results of one measurement over time; the table beside it holds the same values.
"use strict";

function startTrend(canvas) {
  const data = JSON.parse(document.getElementById(canvas.dataset.trend).textContent);
  const language = document.documentElement.lang;
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { year: "numeric", month: "short", day: "numeric" });
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const xs = data.lines[0].points.map((point) => point.x);
  // Some room on both sides, so that the first and the last point are whole.
  const room = (Math.max(...xs) - Math.min(...xs) || 86400000) * 0.02;
  const ends = [Math.min(...xs) - room, Math.max(...xs) + room];
  let chart = null;

  function bound(words, value, tone) {
    return {
      label: `${words}: ${value}`,
      data: ends.map((x) => ({ x, y: value })),
      borderColor: tone,
      borderDash: [6, 4],
      borderWidth: 1.5,
      pointStyle: "line",
      pointRadius: 0,
      pointHitRadius: 0,
    };
  }

  function draw() {
    const text = colour("--c-text");
    const line = colour("--c-line");
    const tones = [colour("--c-brand"), colour("--c-accent"), colour("--c-vip")];
    const shapes = ["circle", "triangle", "rect"];
    const datasets = data.lines.map((one, index) => ({
      label: one.label,
      data: one.points,
      borderColor: tones[index % tones.length],
      backgroundColor: tones[index % tones.length],
      pointStyle: shapes[index % shapes.length],
      pointRadius: 4,
      borderWidth: 2,
      tension: 0,
    }));
    for (const [name, value] of [["low", data.low], ["high", data.high]]) {
      if (value !== null) {
        datasets.push(bound(data.words[name], value, colour("--c-quiet")));
      }
    }
    chart?.destroy();
    chart = new window.Chart(canvas, {
      type: "line",
      data: { datasets },
      options: {
        animation: isCalm ? false : { duration: 250 },
        maintainAspectRatio: false,
        interaction: { mode: "nearest", intersect: false },
        scales: {
          x: {
            type: "linear",
            min: ends[0],
            max: ends[1],
            grid: { color: line },
            ticks: { color: text, maxTicksLimit: 7, maxRotation: 0, callback: (value) => day.format(value) },
          },
          y: {
            grace: "5%",
            grid: { color: line },
            ticks: { color: text },
            title: { display: data.unit !== "", text: data.unit, color: text },
          },
        },
        plugins: {
          legend: { display: datasets.length > 1, labels: { color: text, usePointStyle: true } },
          tooltip: {
            filter: (item) => item.raw.label !== undefined,
            callbacks: {
              title: (items) => (items.length ? items[0].raw.label : ""),
              label: (item) => `${item.dataset.label}: ${item.parsed.y} ${data.unit}`,
            },
          },
        },
      },
    });
  }

  drawAlways(draw);
}

document.querySelectorAll("canvas[data-trend]").forEach(startTrend);
