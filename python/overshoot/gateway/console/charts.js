// Latency and drops of the selected stream over the last minutes, as lines or as a table.

import { byId, el, setText } from "./dom.js";
import { LineChart } from "./line_chart.js";
import { milliseconds } from "./format.js";
import { followSelected } from "./selection.js";

const SPAN_MS = 180_000;
const DRAW_MS = 1000;
const ROWS = 12;

const LATENCY = {
  title: "Latency",
  unit: "ms",
  least: 100,
  series: [
    { key: "total", name: "total" },
    { key: "inference", name: "model" },
  ],
};
const DROPS = {
  title: "Lost, 1/s",
  unit: "",
  least: 4,
  series: [
    { key: "skipped", name: "clips skipped" },
    { key: "dropped", name: "results lost" },
    { key: "failed", name: "failed" },
  ],
};

export class Charts {
  constructor(hub) {
    this.hub = hub;
    this.charts = [
      { chart: new LineChart(LATENCY, SPAN_MS), points: (state) => state.latencies },
      { chart: new LineChart(DROPS, SPAN_MS), points: (state) => state.samples },
    ];
    this.table = el("div", { class: "chart-table table-box", hidden: true, tabindex: "0", role: "region", "aria-label": "Latency and drops as a table" });
    this.summary = el("p", { class: "figure muted chart-summary" });
    byId("charts").replaceChildren(this.summary, ...this.charts.map(({ chart }) => chart.node), this.table);
    byId("charts-table").onclick = ({ currentTarget }) => {
      const on = currentTarget.getAttribute("aria-pressed") !== "true";
      currentTarget.setAttribute("aria-pressed", String(on));
      for (const { chart } of this.charts) chart.node.hidden = on;
      this.table.hidden = !on;
      this.#draw();
    };
    followSelected(hub, () => this.#draw());
    setInterval(() => document.hidden || this.#draw(), DRAW_MS);
  }

  #draw() {
    const state = this.hub.selected;
    const since = Date.now() - SPAN_MS;
    for (const { chart, points } of this.charts) {
      const recent = state ? points(state).filter(({ at }) => at >= since) : [];
      chart.draw(recent);
    }
    setText(this.summary, state ? totals(state) : "No stream is selected.");
    if (!this.table.hidden) this.table.replaceChildren(table(state));
  }
}

function totals({ info, latencies }) {
  if (!info) return "Nothing counted yet.";
  const sorted = latencies.map(({ total }) => total).sort((one, other) => one - other);
  const at = (share) => milliseconds(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  const lost = `${info.clips_skipped ?? 0} skipped, ${info.results_dropped ?? 0} dropped, ${info.inferences_failed ?? 0} failed`;
  return `median ${at(0.5)}, 95th percentile ${at(0.95)}\n${info.inferences_completed ?? 0} answers, ${lost}`;
}

/** The newest samples, a line for each ten seconds. */
function table(state) {
  const head = ["ago", "fps", "skipped", "dropped", "failed", "total", "model"];
  const now = Date.now();
  const rows = [];
  for (let row = 0; row < ROWS && state; row += 1) {
    const within = ({ at }) => now - at >= row * 10_000 && now - at < (row + 1) * 10_000;
    const samples = state.samples.filter(within);
    const latencies = state.latencies.filter(within);
    const sum = (key) => String(samples.reduce((total, sample) => total + sample[key], 0));
    const mean = (list, key) => list.reduce((total, each) => total + each[key], 0) / list.length;
    if (!samples.length && !latencies.length) continue;
    const fps = samples.length ? mean(samples, "fps").toFixed(1) : "–";
    const cells = [`${row * 10} s`, fps, sum("skipped"), sum("dropped"), sum("failed")];
    rows.push([...cells, milliseconds(mean(latencies, "total")), milliseconds(mean(latencies, "inference"))]);
  }
  return el(
    "table",
    {},
    el("caption", { class: "unseen" }, "Means and sums of ten seconds each, newest first"),
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col", class: "number" }, name)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", { class: "number figure" }, cell))))),
  );
}
