// Stored actions: searched, listed, downloaded.

import { query } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { clock, percent, seconds } from "./format.js";
import { colourOf } from "./lanes.js";
import { followSelected } from "./selection.js";

const PAGE = 50;
const SETTLE_MS = 700;
const FORMATS = ["json", "jsonl", "csv", "vtt", "srt"];

export class StoredActions {
  #cursor = null;
  #asked = 0;
  #timer = null;
  #stale = true;

  constructor(hub, openAction) {
    this.hub = hub;
    this.openAction = openAction;
    this.form = byId("actions-form");
    this.rows = byId("actions-rows");
    byId("export-format").replaceChildren(...FORMATS.map((name) => el("option", { value: name }, name)));
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.search();
    };
    byId("actions-more").onclick = () => this.search({ more: true });
    byId("export").onclick = () => this.#export();
    followSelected(hub, () => this.#later(0), { action: () => this.#later(SETTLE_MS) });
  }

  /** Called when the list comes into view. */
  shown() {
    if (this.#stale) this.search();
  }

  async search({ more = false } = {}) {
    clearTimeout(this.#timer);
    this.#stale = false;
    const asked = (this.#asked += 1);
    const filters = this.#filters();
    if (filters === null) return;
    try {
      const paging = { limit: PAGE, order: "desc", cursor: more ? this.#cursor : null };
      const path = `/actions${query({ ...filters, ...paging })}`;
      const { actions, next_cursor: cursor, total } = await this.hub.api.json("GET", path);
      // Of two searches the later one counts, whichever is answered first.
      if (asked !== this.#asked) return;
      this.#cursor = cursor;
      if (more) this.rows.append(...actions.map((action) => this.#row(action)));
      else this.rows.replaceChildren(...actions.map((action) => this.#row(action)));
      byId("actions-more").hidden = !cursor;
      const shown = this.rows.children.length;
      const of = total > shown ? ` of ${total}` : cursor ? ", and more" : "";
      this.#note(shown ? `${shown}${of} ${shown === 1 ? "action" : "actions"}, newest first` : "No stored action fits.");
    } catch (error) {
      if (asked === this.#asked) this.#note(`Not searched: ${error.message}`, true);
    }
  }

  #later(wait) {
    this.#stale = true;
    clearTimeout(this.#timer);
    // While somebody reads further pages, they stay.
    if (byId("actions").hidden || this.rows.children.length > PAGE) return;
    this.#timer = setTimeout(() => this.search(), wait);
    this.#names();
  }

  #names() {
    const names = new Set([...(this.hub.selected?.actions.values() ?? [])].map(({ action }) => action));
    byId("action-names").replaceChildren(...[...names].map((value) => el("option", { value })));
  }

  /** What the form asks for, or null where a number is none. */
  #filters() {
    const fields = Object.fromEntries(new FormData(this.form));
    const number = (name, words) => {
      const text = fields[name].trim().replace(",", ".");
      if (text && !(Number(text) >= 0)) throw new Error(`${words} is a number, not “${fields[name]}”.`);
      return text;
    };
    try {
      const sure = number("min_confidence", "“Confidence”");
      if (sure > 100) throw new Error("“Confidence” is at most 100 %.");
      return {
        stream_id: fields.scope === "this" ? this.hub.selected?.id : null,
        action: fields.action.trim(),
        text: fields.text.trim(),
        start_time: number("start_time", "“From”"),
        end_time: number("end_time", "“To”"),
        min_confidence: sure && Number(sure) / 100,
      };
    } catch (error) {
      this.#note(error.message, true);
      return null;
    }
  }

  #row(action) {
    const name = el(
      "button",
      { class: "link", type: "button", onclick: () => this.openAction(action) },
      el("i", { class: "swatch" }),
      action.action,
    );
    name.dataset.colour = colourOf(action.action);
    const figure = (text) => el("td", { class: "number figure" }, text);
    return el(
      "tr",
      {},
      el("td", {}, name),
      figure(clock(action.start_time, 1)),
      figure(action.open ? "open" : clock(action.end_time, 1)),
      figure(action.open ? "" : seconds(action.duration ?? 0)),
      figure(percent(action.confidence)),
      el("td", { class: "clipped", title: action.prompt ?? "" }, action.prompt ?? ""),
    );
  }

  async #export() {
    const filters = this.#filters();
    if (filters === null) return;
    const format = byId("export-format").value;
    const button = byId("export");
    button.disabled = true;
    try {
      const blob = await this.hub.api.blob(`/actions/export${query({ format, ...filters })}`);
      save(blob, `actions.${format}`);
      this.#note(`actions.${format}: ${blob.size} bytes`);
    } catch (error) {
      this.#note(`Not exported: ${error.message}`, true);
    } finally {
      button.disabled = false;
    }
  }

  #note(text, fault = false) {
    const note = byId("actions-note");
    note.classList.toggle("fault", fault);
    setText(note, text);
  }
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
