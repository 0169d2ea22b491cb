// The timeline of actions: a lane each, time to the right, open ones growing.

import { announce, byId, el, setText } from "./dom.js";
import { clock, percent } from "./format.js";
import { colourOf } from "./lanes.js";
import { followSelected } from "./selection.js";

const TICK_MS = 200;
const CALM_TICK_MS = 1000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300];
const TICK_PX = 90;
const LEAST_PX = 6;
/** Older stretches are in the list of stored actions. */
const KEPT_SECONDS = 3600;
const BARS = 1000;

export class Timeline {
  #lanes = new Map();
  #bars = new Map();
  #follow = true;
  #ticks = "";

  constructor(hub, openAction) {
    this.hub = hub;
    this.openAction = openAction;
    this.labels = el("div", { class: "lane-labels" });
    this.axis = el("div", { class: "axis", "aria-hidden": "true" });
    this.now = el("div", { class: "now", "aria-hidden": "true" });
    this.rows = el("div", { class: "lane-rows" });
    this.plane = el("div", { class: "plane" }, this.axis, this.rows, this.now);
    this.scroller = el(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": "Timeline; arrow keys go from action to action" },
      this.plane,
    );
    byId("timeline").replaceChildren(this.labels, this.scroller);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
    byId("timeline-span").onchange = () => this.#layout();
    byId("timeline-follow").onclick = () => this.#setFollow(!this.#follow);
    new ResizeObserver(() => this.#layout()).observe(this.scroller);
    followSelected(hub, () => this.#fill(), {
      action: ({ detail }) => this.#changed(detail),
      summary: () => this.#names(),
      ended: () => this.#layout(),
    });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setInterval(() => this.#tick(), calm ? CALM_TICK_MS : TICK_MS);
  }

  #fill() {
    this.#lanes.clear();
    this.#bars.clear();
    this.rows.replaceChildren();
    this.labels.replaceChildren(el("div", { class: "lane-label axis-label" }, "stream time"));
    this.#names();
    for (const action of this.hub.selected?.actions.values() ?? []) this.#bar(action);
    this.#setFollow(true);
    this.#empty();
  }

  /** A lane for each action that is asked for, seen or not. */
  #names() {
    const before = this.#lanes.size;
    for (const name of this.hub.selected?.summary.actions ?? []) this.#lane(name);
    if (this.#lanes.size !== before) this.#empty();
  }

  #changed({ action, event }) {
    this.#bar(action);
    this.#layout();
    this.#empty();
    if (event === "started") announce(`${action.action} began, ${percent(action.confidence)}`);
    if (event === "ended") announce(`${action.action} ended`);
  }

  #empty() {
    const state = this.hub.selected;
    const none = !this.#bars.size;
    byId("timeline-empty").hidden = !none;
    const asks = state?.summary.actions?.length;
    const text = asks
      ? "None of the actions was seen yet."
      : "The question does not ask for actions. “Actions…” beside the schema does.";
    setText(byId("timeline-empty"), state ? text : "No stream is selected.");
    byId("timeline").hidden = !this.#lanes.size;
  }

  #lane(name) {
    if (!this.#lanes.has(name)) {
      const row = el("div", { class: "lane", role: "list", "aria-label": name });
      const label = el("div", { class: "lane-label", title: name }, el("i", { class: "swatch" }), el("span", {}, name));
      row.dataset.colour = label.dataset.colour = colourOf(name);
      this.rows.append(row);
      this.labels.append(label);
      this.#lanes.set(name, row);
    }
    return this.#lanes.get(name);
  }

  #bar(action) {
    let bar = this.#bars.get(action.id);
    if (!bar) {
      const words = el("span", { class: "bar-words" });
      const button = el(
        "button",
        { class: "action-bar", type: "button", tabindex: "-1" },
        el("span", { class: "bar-fill" }),
        words,
      );
      const item = el("div", { role: "listitem" }, button);
      bar = { action, button, words };
      const id = action.id;
      button.onclick = () => this.openAction(this.#bars.get(id).action);
      this.#lane(action.action).append(item);
      this.#bars.set(action.id, bar);
      if (this.#bars.size > BARS) this.#dropOldest();
    }
    bar.action = action;
    bar.button.classList.toggle("open", action.open);
    bar.button.style.setProperty("--share", action.confidence);
    setText(bar.words, percent(action.confidence));
    const until = action.open ? "still going on" : `to ${clock(action.end_time, 1)}`;
    const words = `${action.action}, from ${clock(action.start_time, 1)} ${until}, ${percent(action.confidence)} sure`;
    bar.button.setAttribute("aria-label", words);
    bar.button.title = words;
  }

  #dropOldest() {
    const [id, { button }] = this.#bars.entries().next().value;
    button.parentElement.remove();
    this.#bars.delete(id);
  }

  #tick() {
    const state = this.hub.selected;
    if (document.hidden || !state || state.ended) return;
    this.#layout();
  }

  /** Put everything where its time is; only what moved is touched. */
  #layout() {
    const state = this.hub.selected;
    const width = this.scroller.clientWidth;
    if (!state || !width) return;
    const span = Number(byId("timeline-span").value);
    const scale = width / span;
    const latest = Math.max(0, ...[...this.#bars.values()].map(({ action }) => action.end_time ?? action.start_time));
    const now = Math.max(state.now() ?? latest, latest);
    const begin = Math.max(0, now - KEPT_SECONDS);
    // A little room at the right, so that the newest bar can be read.
    const planeWidth = Math.max(width, Math.ceil((now - begin) * scale) + 24);
    move(this.plane, "width", planeWidth);
    move(this.now, "left", Math.round((now - begin) * scale));
    for (const { action, button } of this.#bars.values()) {
      const end = action.end_time ?? (action.open ? now : action.start_time);
      const left = (Math.max(action.start_time, begin) - begin) * scale;
      move(button, "left", Math.round(left));
      move(button, "width", Math.max(LEAST_PX, Math.round((end - begin) * scale - left)));
      button.parentElement.hidden = end < begin;
    }
    this.#drawAxis(begin, begin + planeWidth / scale, scale);
    if (this.#follow) this.scroller.scrollLeft = planeWidth;
    this.#rove();
  }

  #drawAxis(begin, end, scale) {
    const step = STEPS.find((each) => each * scale >= TICK_PX) ?? 600;
    const first = Math.ceil(begin / step) * step;
    const last = Math.floor(end / step) * step;
    const key = `${first} ${last} ${step} ${scale} ${begin}`;
    if (key === this.#ticks) return;
    this.#ticks = key;
    const ticks = [];
    for (let at = first; at <= last; at += step) {
      const tick = el("span", { class: "tick figure" }, clock(at));
      tick.style.left = `${Math.round((at - begin) * scale)}px`;
      ticks.push(tick);
    }
    this.axis.replaceChildren(...ticks);
    this.plane.style.setProperty("--step", `${step * scale}px`);
    this.plane.style.setProperty("--shift", `${(first - begin) * scale}px`);
  }

  #scrolled() {
    const { scrollLeft, clientWidth, scrollWidth } = this.scroller;
    const atEnd = scrollWidth - clientWidth - scrollLeft < 30;
    if (atEnd !== this.#follow) this.#setFollow(atEnd);
  }

  #setFollow(follow) {
    this.#follow = follow;
    byId("timeline-follow").setAttribute("aria-pressed", String(follow));
    if (follow) this.#layout();
  }

  /** One of the bars can be reached by Tab, the others from it by the arrow keys. */
  #rove() {
    const bars = [...this.#bars.values()];
    if (!bars.length || bars.some(({ button }) => button.tabIndex === 0)) return;
    this.#ordered().at(-1).button.tabIndex = 0;
  }

  #ordered() {
    return [...this.#bars.values()].sort((one, other) => one.action.start_time - other.action.start_time);
  }

  #key(event) {
    const bars = this.#ordered();
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -bars.length, End: bars.length };
    const step = steps[event.key];
    if (step === undefined || !bars.length) return;
    event.preventDefault();
    const place = bars.findIndex(({ button }) => button === document.activeElement);
    const from = place < 0 ? bars.length : place;
    const next = bars[Math.min(bars.length - 1, Math.max(0, from + step))].button;
    for (const { button } of bars) button.tabIndex = button === next ? 0 : -1;
    this.#setFollow(false);
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function move(element, property, pixels) {
  const value = `${pixels}px`;
  if (element.style[property] !== value) element.style[property] = value;
}
