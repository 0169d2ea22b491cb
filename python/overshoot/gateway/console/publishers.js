// The streams that this tab sends; they end with it.

import { announce } from "./dom.js";
import { Publisher } from "./publisher.js";

export class Publishers extends EventTarget {
  #running = new Map();

  constructor(api) {
    super();
    this.api = api;
    addEventListener("pagehide", () => this.abandon());
  }

  has(id) {
    return this.#running.has(id);
  }

  /** Send a source; gives the stream's id. */
  async publish(source, request) {
    const publisher = new Publisher(this.api, source);
    await publisher.start(request);
    this.#running.set(publisher.id, publisher);
    this.#tell();
    publisher.over.then((why) => {
      this.#running.delete(publisher.id);
      this.#tell();
      announce(`Publishing has ended. ${why}`);
    });
    return publisher.id;
  }

  stop(id) {
    return this.#running.get(id)?.stop();
  }

  stopAll() {
    return Promise.all([...this.#running.values()].map((publisher) => publisher.stop()));
  }

  abandon() {
    for (const publisher of this.#running.values()) publisher.abandon();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
