// A small chart of lines with its axes, its legend and a sentence that says the same.

import { el, setText, svg } from "./dom.js";

// Of the drawing, which is stretched to its place; words and figures stand beside it.
const WIDTH = 400;
const HEIGHT = 100;
const TICKS = 2;

export class LineChart {
  constructor({ title, unit, least, series }, span) {
    Object.assign(this, { title, unit, least, series, span });
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "chart", preserveAspectRatio: "none" });
    this.grid = svg("g", { class: "chart-grid" });
    this.paths = series.map((_, place) => svg("path", { class: `line line-${place}` }));
    this.picture.append(this.grid, ...this.paths);
    this.values = series.map(() => el("b", { class: "figure" }));
    const legend = series.map(({ name }, place) =>
      el("span", { class: "legend" }, svgKey(place), `${name} `, this.values[place]),
    );
    this.labels = el("div", { class: "chart-labels figure", "aria-hidden": "true" });
    this.node = el(
      "figure",
      { class: "chart-box" },
      el("figcaption", {}, el("span", { class: "chart-title" }, title), ...legend),
      el("div", { class: "chart-area" }, this.picture, this.labels),
    );
  }

  /** `points` hold `at` in milliseconds and a number for each series. */
  draw(points) {
    const now = Date.now();
    const values = points.flatMap((point) => this.series.map(({ key }) => point[key]));
    const top = niceAbove(Math.max(this.least, ...values));
    const x = (at) => (1 - (now - at) / this.span) * WIDTH;
    const y = (value) => (1 - value / top) * HEIGHT;
    this.series.forEach(({ key }, place) => {
      const steps = points.map((point) => `${x(point.at).toFixed(1)} ${y(point[key]).toFixed(1)}`);
      this.paths[place].setAttribute("d", steps.length ? `M${steps.join("L")}` : "");
      setText(this.values[place], points.length ? this.#words(points.at(-1)[key]) : "–");
    });
    this.#axes(top, y);
    this.picture.setAttribute("aria-label", this.#sentence(points));
  }

  #axes(top, y) {
    if (this.top === top) return;
    this.top = top;
    const levels = Array.from({ length: TICKS + 1 }, (_, place) => (top * place) / TICKS);
    const lines = levels.map((level) => svg("path", { d: `M0 ${y(level)}H${WIDTH}` }));
    const minutes = [0, 1, 2, 3].map((minute) => (minute / 3) * WIDTH);
    lines.push(...minutes.map((at) => svg("path", { d: `M${at} 0V${HEIGHT}` })));
    this.grid.replaceChildren(...lines);
    const marks = levels.map((level) => mark("y", y(level) / HEIGHT, String(round(level)), "top"));
    const words = ["−3 min", "−2", "−1", "now"];
    marks.push(...minutes.map((at, place) => mark("x", at / WIDTH, words[place], "left")));
    this.labels.replaceChildren(...marks);
  }

  #words(value) {
    return `${round(value)}${this.unit ? ` ${this.unit}` : ""}`;
  }

  #sentence(points) {
    if (!points.length) return `${this.title}: nothing measured yet`;
    const parts = this.series.map(({ key, name }) => {
      const values = points.map((point) => point[key]);
      const range = `${round(Math.min(...values))} to ${this.#words(Math.max(...values))}`;
      return `${name} ${range}, now ${this.#words(values.at(-1))}`;
    });
    return `${this.title}, last 3 minutes: ${parts.join("; ")}`;
  }
}

function svgKey(place) {
  return svg(
    "svg",
    { viewBox: "0 0 18 6", class: "legend-key", "aria-hidden": "true" },
    svg("path", { class: `line line-${place}`, d: "M0 3H18" }),
  );
}

function mark(axis, share, words, side) {
  const node = el("span", { class: `mark mark-${axis}` }, words);
  node.style[side] = `${share * 100}%`;
  return node;
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((step) => step >= value);
}

const round = (value) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
