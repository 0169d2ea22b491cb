// The list of streams, a card each.

import { byId, el, setText } from "./dom.js";
import { endReason, milliseconds, rate } from "./format.js";
import { paint } from "./picture.js";
import { shortAnswer } from "./verdicts.js";

export class Rail {
  #cards = new Map();

  constructor(hub, publishers) {
    this.hub = hub;
    this.publishers = publishers;
    this.list = byId("streams");
    this.list.replaceChildren();
    hub.addEventListener("streams", () => this.#show());
    this.#empty("Looking for streams…");
  }

  #show() {
    const { streams, selected } = this.hub;
    for (const [id, card] of this.#cards) {
      if (streams.has(id)) continue;
      card.stop();
      this.#cards.delete(id);
    }
    const newestFirst = [...streams.values()].reverse();
    for (const state of newestFirst) {
      if (!this.#cards.has(state.id)) this.#cards.set(state.id, this.#card(state));
    }
    const wanted = newestFirst.map((state) => this.#cards.get(state.id).item);
    // Moving a card that has the focus would lose it.
    if (wanted.some((item, place) => this.list.children[place] !== item)) {
      const focused = document.activeElement;
      this.list.replaceChildren(...wanted);
      if (this.list.contains(focused)) focused.focus();
    }
    while (this.list.children.length > wanted.length) this.list.lastChild.remove();
    for (const [id, card] of this.#cards) card.show(id === selected?.id);
    const live = newestFirst.filter((state) => !state.ended).length;
    setText(byId("streams-count"), String(live));
    this.#empty(
      streams.size
        ? ""
        : "No stream is running. Publish this browser’s camera, screen or a video file, or send one from a program.",
    );
  }

  #empty(text) {
    const empty = byId("streams-empty");
    empty.hidden = !text;
    setText(empty, text);
  }

  #card(state) {
    const canvas = el("canvas", { width: 160, height: 90, "aria-hidden": "true" });
    const spoken = el("span", { class: "unseen" });
    const dot = el("span", { class: "dot" }, spoken);
    const title = el("span", { class: "card-title" });
    const figures = el("span", { class: "card-figures figure" });
    const answer = el("span", { class: "card-answer" });
    const button = el(
      "button",
      { class: "card", type: "button", onclick: () => this.hub.select(state.id) },
      el("span", { class: "card-picture" }, canvas),
      el("span", { class: "card-words" }, el("span", { class: "card-line" }, dot, title), answer, figures),
    );
    const item = el("li", {}, button);
    const show = () => {
      const { summary, info } = state;
      const phase = state.ended ? "ended" : (info?.state ?? summary.state ?? "pending");
      dot.dataset.state = phase;
      setText(spoken, phase);
      const whose = this.publishers.has(state.id) ? "this tab" : (summary.source ?? "stream");
      setText(title, `${whose} · ${state.id.slice(0, 6)}`);
      const live = `${rate(info?.fps ?? summary.fps)} · ${milliseconds(state.latencies.at(-1)?.total)}`;
      setText(figures, state.ended ? endReason(state.ended) : phase === "active" ? live : phase);
      setText(answer, state.newest ? shortAnswer(state.newest) : "no answer yet");
    };
    const picture = () => paint(canvas, state.bitmap, 160);
    const listeners = { summary: show, stats: show, result: show, ended: show, picture };
    for (const [name, listener] of Object.entries(listeners)) state.addEventListener(name, listener);
    return {
      item,
      show(selected) {
        if (selected) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
        show();
      },
      stop() {
        for (const [name, listener] of Object.entries(listeners)) {
          state.removeEventListener(name, listener);
        }
      },
    };
  }
}
