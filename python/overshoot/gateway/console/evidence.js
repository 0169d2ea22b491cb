// What an action rests on: its clip, its thumbnail and its record, in a dialog.

import { byId, el, setText } from "./dom.js";
import { clock, percent, seconds, wallTime } from "./format.js";

export class Evidence {
  #urls = [];
  #shown = null;

  constructor(hub) {
    this.hub = hub;
    this.dialog = byId("evidence");
    this.dialog.addEventListener("close", () => this.#clear());
  }

  /** Open the dialog; what the gateway knows by now counts, not what the row was made from. */
  async open(action) {
    this.#clear();
    this.#shown = action.id;
    this.#details(action);
    this.dialog.showModal();
    const path = `/actions/${encodeURIComponent(action.id)}`;
    const [clip, thumbnail] = await Promise.allSettled([
      this.hub.api.blob(`${path}/evidence`),
      this.hub.api.blob(`${path}/thumbnail`),
    ]);
    if (this.#shown !== action.id) return;
    this.#media(action, clip, thumbnail);
  }

  #media(action, clip, thumbnail) {
    const poster = thumbnail.value ? this.#url(thumbnail.value) : null;
    const name = `Evidence of ${action.action}`;
    if (clip.value) {
      const video = el("video", { controls: true, playsinline: true, loop: true, "aria-label": name });
      video.muted = true;
      if (poster) video.poster = poster;
      video.src = this.#url(clip.value);
      byId("evidence-media").replaceChildren(video);
      this.#note("");
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
        video.play().catch(() => this.#note("Press play to see the clip."));
      }
      return;
    }
    if (poster) byId("evidence-media").replaceChildren(el("img", { src: poster, alt: name }));
    this.#note(why(action, clip.reason));
  }

  #details(action) {
    setText(byId("evidence-title"), action.action);
    this.#note("Fetching the clip…");
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
    const metadata = Object.entries(action.metadata ?? {});
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
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls = [];
  }
}

function why(action, error) {
  if (error.status !== 404) return `The clip could not be fetched: ${error.message}`;
  if (action.open) return "The clip is cut once the action is over.";
  return "There is no clip of this action (any more).";
}
