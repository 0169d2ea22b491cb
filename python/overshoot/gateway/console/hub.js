// The streams of this key: asked for every two seconds, watched, one of them selected.

import { Backoff } from "./backoff.js";
import { StreamState } from "./stream_state.js";
import { Watcher } from "./watch.js";

const POLL_MS = 2000;
const LARGE = { fps: 12, side: 960 };
const SMALL = { fps: 2, side: 320 };
const PREVIEWS = 8;
const STORED = 200;

/**
 * Tells of `streams` (the list changed), `selected`, `offline` (with `wait` until the next try),
 * `online` and `refused` (the key is not known any more).
 */
export class Hub extends EventTarget {
  streams = new Map();
  selected = null;
  #watchers = new Map();
  #timer = null;
  #backoff = new Backoff();
  /** Whether the gateway did not answer when it was last asked. */
  offline = false;
  #stopped = false;
  #polling = null;
  #wanted = null;

  constructor(api) {
    super();
    this.api = api;
  }

  start() {
    return this.poll();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#watchers.values()) watcher.close();
  }

  /** Ask now; one question at a time. */
  poll() {
    clearTimeout(this.#timer);
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = null;
    });
    return this.#polling;
  }

  /** Select a stream that was just made, as soon as the list has it. */
  async selectNew(id) {
    this.#wanted = id;
    await this.#polling;
    await this.poll();
  }

  select(id) {
    this.#wanted = null;
    if (this.selected?.id === id) return;
    const before = this.selected;
    this.selected = this.streams.get(id) ?? null;
    if (before?.ended) this.#forget(before.id);
    this.#watch();
    this.#tell("streams");
    this.#tell("selected");
    if (this.selected) this.#stored(this.selected);
  }

  async #poll() {
    let wait = POLL_MS;
    try {
      const { streams } = await this.api.json("GET", "/streams");
      if (this.#stopped) return;
      this.#backoff.reset();
      const away = this.offline;
      this.offline = false;
      if (away) this.#tell("online");
      this.#take(streams);
    } catch (error) {
      if (this.#stopped) return;
      if (error.status === 401) {
        this.#tell("refused");
        return;
      }
      this.offline = true;
      wait = this.#backoff.next();
      this.#tell("offline", { wait, message: error.message });
    }
    this.#timer = setTimeout(() => this.poll(), wait);
  }

  #take(summaries) {
    const listed = new Set(summaries.map((summary) => summary.id));
    for (const summary of [...summaries].reverse()) {
      const known = this.streams.get(summary.id);
      if (known) known.update(summary);
      else this.#add(summary);
    }
    for (const state of this.streams.values()) {
      if (listed.has(state.id)) continue;
      // What is looked at stays to be read; its socket has a moment to say why it ended.
      if (state !== this.selected) this.#forget(state.id);
      else if ((state.unlisted += 1) > 1) state.end("gone");
    }
    if (this.streams.has(this.#wanted)) this.select(this.#wanted);
    else if (this.selected === null && summaries.length) this.select(summaries[0].id);
    else this.#watch();
    this.#tell("streams");
  }

  #add(summary) {
    const state = new StreamState(summary);
    this.streams.set(summary.id, state);
    state.addEventListener("ended", () => this.#tell("streams"));
  }

  #forget(id) {
    this.#watchers.get(id)?.watcher.close();
    this.#watchers.delete(id);
    this.streams.get(id)?.bitmap?.close();
    this.streams.delete(id);
  }

  /** A large picture of the selected stream, small ones of the newest others. */
  #watch() {
    const newest = [...this.streams.values()].reverse().filter((state) => !state.ended);
    const shown = new Set(newest.slice(0, PREVIEWS));
    if (this.selected && !this.selected.ended) shown.add(this.selected);
    for (const state of this.streams.values()) {
      const large = state === this.selected;
      const current = this.#watchers.get(state.id);
      if (current?.large === large && shown.has(state)) continue;
      current?.watcher.close();
      this.#watchers.delete(state.id);
      if (!shown.has(state)) continue;
      const watcher = new Watcher(this.api, state, large ? LARGE : SMALL);
      this.#watchers.set(state.id, { large, watcher });
    }
  }

  /** What was found before this page looked. */
  async #stored(state) {
    try {
      const path = `/actions?stream_id=${encodeURIComponent(state.id)}&limit=${STORED}&order=desc`;
      const { actions } = await this.api.json("GET", path);
      for (const action of actions.reverse()) state.keepAction(action);
    } catch (error) {
      // Offline is told by the list; what the socket brings is shown all the same.
      if (!error.offline) this.#tell("fault", { message: error.message });
    }
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
