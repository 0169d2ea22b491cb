// The selected stream, large, with its newest answer over it.

import { byId, setText } from "./dom.js";
import { clock, endReason, milliseconds, rate } from "./format.js";
import { paint } from "./picture.js";
import { followSelected } from "./selection.js";
import { answerNodes, shortAnswer } from "./verdicts.js";

export class Monitor {
  #shown = null;

  constructor(hub, publishers) {
    this.hub = hub;
    this.publishers = publishers;
    this.canvas = byId("screen");
    const words = () => this.#words();
    followSelected(hub, () => this.#change(), {
      picture: () => this.#picture(),
      result: words,
      stats: words,
      summary: words,
      ended: words,
    });
    publishers.addEventListener("changed", words);
    hub.addEventListener("offline", words);
    hub.addEventListener("online", words);
    byId("stop").onclick = () => this.publishers.stop(this.hub.selected?.id);
  }

  #change() {
    this.#shown = null;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#picture();
    this.#words();
  }

  #picture() {
    const state = this.hub.selected;
    paint(this.canvas, state?.bitmap);
    setText(byId("screen-clock"), state?.frame ? clock(state.frame.time, 1) : "");
  }

  #words() {
    const state = this.hub.selected;
    const phase = state ? this.#phase(state) : "";
    const badge = byId("screen-state");
    badge.hidden = !state;
    badge.dataset.state = phase;
    setText(badge, phase === "active" ? "live" : (phase ?? ""));
    setText(byId("screen-empty"), emptyText(state));
    setText(byId("screen-rate"), state && !state.ended ? figures(state) : "");
    setText(byId("monitor-line"), state ? line(state) : "");
    byId("stop").hidden = !this.publishers.has(state?.id);
    this.#answer(state?.newest ?? null);
  }

  #phase(state) {
    if (state.ended) return "ended";
    return this.hub.offline ? "no contact" : (state.info?.state ?? state.summary.state);
  }

  #answer(result) {
    const box = byId("screen-answer");
    box.hidden = result === null;
    if (result === null || result === this.#shown) return;
    this.#shown = result;
    box.replaceChildren(...answerNodes(result));
    this.canvas.setAttribute("aria-label", `Live picture. Newest answer: ${shortAnswer(result)}`);
  }
}

function figures(state) {
  const newest = state.latencies.at(-1);
  return `${rate(state.info?.fps ?? state.summary.fps)} · ${milliseconds(newest?.total)}`;
}

function line({ id, summary, info }) {
  const width = info?.frame_width ?? summary.width;
  const height = info?.frame_height ?? summary.height;
  const size = width ? `${width}×${height}` : null;
  return [id, summary.model, summary.backend, size].filter(Boolean).join(" · ");
}

function emptyText(state) {
  if (!state) return "Select a stream, or publish one.";
  if (state.ended) return `The stream is over: ${endReason(state.ended)}.`;
  return state.bitmap ? "" : "Waiting for the first picture…";
}
