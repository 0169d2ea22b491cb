// Answers by version of the question, side by side, the newest version first.

import { byId, el, setText } from "./dom.js";
import { clock, milliseconds } from "./format.js";
import { followSelected } from "./selection.js";
import { answerNodes } from "./verdicts.js";

const VERSIONS = 6;
const PER_VERSION = 60;

export class Answers {
  #columns = new Map();

  constructor(hub) {
    this.hub = hub;
    this.box = byId("answers");
    followSelected(hub, () => this.#fill(), { result: ({ detail }) => this.#add(detail) });
  }

  #fill() {
    this.#columns.clear();
    const state = this.hub.selected;
    this.box.replaceChildren(el("p", { class: "empty" }, emptyText(state)));
    for (const result of state?.results ?? []) this.#add(result);
  }

  #add(result) {
    const key = `${result.prompt_version ?? 0}.${result.schema_version ?? 0}`;
    let column = this.#columns.get(key);
    if (!column) {
      if (!this.#columns.size) this.box.replaceChildren();
      column = this.#column(result);
      this.#columns.set(key, column);
      this.box.prepend(column.node);
      if (this.#columns.size > VERSIONS) this.#dropOldest();
    }
    column.list.prepend(entry(result));
    column.total += 1;
    setText(column.count, String(column.total));
    if (column.list.children.length > PER_VERSION) column.list.lastChild.remove();
  }

  #column(result) {
    const list = el("ol", { reversed: true });
    const count = el("span", { class: "count" });
    const name = `prompt v${result.prompt_version ?? 0} · schema v${result.schema_version ?? 0}`;
    const prompt = el("p", { class: "column-prompt" }, result.prompt);
    prompt.title = result.prompt;
    const node = el(
      "section",
      { class: "column", tabindex: "0", "aria-label": `Answers to ${name}` },
      el("header", {}, el("h3", {}, name, " ", count), prompt),
      list,
    );
    return { node, list, count, total: 0 };
  }

  #dropOldest() {
    const [key, column] = this.#columns.entries().next().value;
    column.node.remove();
    this.#columns.delete(key);
  }
}

function entry(result) {
  const again = result.repeated ? " · repeated, the scene is still" : "";
  const figures = `${clock(result.timestamp, 1)} · ${milliseconds(result.inference_latency_ms)}${again}`;
  return el(
    "li",
    { class: result.ok ? "answer-entry" : "answer-entry failed" },
    el("span", { class: "figure muted" }, figures),
    ...answerNodes(result),
    ...unsupported(result),
  );
}

function unsupported({ unsupported: items = [] }) {
  if (!items.length) return [];
  const asked = items.map((item) => `${item.asked} (${item.reason})`).join(", ");
  return [el("p", { class: "muted" }, `Cannot be told: ${asked}`)];
}

function emptyText(state) {
  return state ? "No answer yet: the first comes when the first clip is full." : "No stream is selected.";
}
