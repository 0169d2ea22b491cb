// What an action rests on: its clip, its thumbnail and its record, in a dialog.

import { query } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { clock, percent, seconds, wallTime } from "./format.js";

const LOOK_MS = 1000;
const LOOKS = 8;
const RELEASE_MS = 5000;
/** Metadata that has a line of its own. */
const SAID = new Set(["prompt", "prompt_version", "model", "wall_time", "action_id", "session_id"]);
/** Begins are compared to the millisecond. */
const NEAR_SECONDS = 0.001;

export class Evidence {
  #urls = [];
  #shown = null;

  constructor(hub) {
    this.hub = hub;
    this.dialog = byId("evidence");
    this.dialog.addEventListener("close", () => this.#clear());
  }

  /** Open the dialog, and look for the clip, which is cut a little after the action's end. */
  async open(action) {
    this.#clear();
    this.#shown = action.id;
    this.#details(action);
    this.#note("Looking for the clip…");
    this.dialog.showModal();
    try {
      await this.#find(action);
    } catch (error) {
      if (this.#shown === action.id) this.#note(`The clip could not be fetched: ${error.message}`);
    }
  }

  async #find(action) {
    let known = action;
    for (let look = 0; look < LOOKS && this.#shown === action.id; look += 1) {
      if (!known.has_evidence) known = await this.#asStored(action);
      if (this.#shown !== action.id) return;
      this.#details(known);
      if (known.has_evidence) {
        await this.#play(known);
        return;
      }
      if (known.open) {
        this.#note("The clip is cut once the action is over.");
        return;
      }
      this.#note("There is no clip of this action yet, or not any more.");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** What the gateway knows by now, not what the row or the bar was made from. */
  async #asStored(action) {
    const near = { start_time: action.start_time - NEAR_SECONDS, end_time: action.start_time + NEAR_SECONDS };
    const path = `/actions${query({ stream_id: action.stream_id, action: action.action, ...near })}`;
    const { actions } = await this.hub.api.json("GET", path);
    return actions.find(({ id }) => id === action.id) ?? action;
  }

  async #play(action) {
    const path = `/actions/${encodeURIComponent(action.id)}`;
    const blobs = ["evidence", "thumbnail"].map((what) => this.hub.api.blob(`${path}/${what}`));
    const [clip, thumbnail] = await Promise.all(blobs);
    if (this.#shown !== action.id) return;
    const name = `Evidence of ${action.action}`;
    const video = el("video", { controls: true, playsinline: true, loop: true, "aria-label": name });
    video.muted = true;
    video.poster = this.#url(thumbnail);
    video.src = this.#url(clip);
    byId("evidence-media").replaceChildren(video);
    this.#note("");
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    video.play().catch(() => this.#note("Press play to see the clip."));
  }

  #details(action) {
    setText(byId("evidence-title"), action.action);
    const end = action.open ? "still open" : clock(action.end_time, 2);
    const entries = [
      ["Begin", clock(action.start_time, 2)],
      ["End", end],
      ["Length", action.open ? "–" : seconds(action.duration ?? 0)],
      ["Confidence", percent(action.confidence)],
      ["Found at", wallTime(action.wall_time)],
      ["Model", action.model],
      ["Prompt", `${action.prompt ?? "–"} (v${action.prompt_version ?? 0})`],
      ["Stream", action.stream_id],
      ["Action id", action.id],
    ];
    const metadata = Object.entries(action.metadata ?? {}).filter(([name]) => !SAID.has(name));
    const more = metadata.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    const rows = [...entries, ...more].map(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value ?? "–"))]);
    byId("evidence-details").replaceChildren(...rows.flat());
  }

  #url(blob) {
    const url = URL.createObjectURL(blob);
    this.#urls.push(url);
    return url;
  }

  #note(text) {
    setText(byId("evidence-note"), text);
  }

  #clear() {
    this.#shown = null;
    byId("evidence-media").replaceChildren();
    const urls = this.#urls;
    this.#urls = [];
    // A video that was closed while it loaded would find its address gone, and log that.
    setTimeout(() => urls.forEach((url) => URL.revokeObjectURL(url)), RELEASE_MS);
  }
}
