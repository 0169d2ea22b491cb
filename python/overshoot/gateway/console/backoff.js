// How long to wait before trying again.

const STEPS_MS = [500, 1000, 2000, 4000, 8000, 10_000];

export class Backoff {
  #tries = 0;

  next() {
    const wait = STEPS_MS[Math.min(this.#tries, STEPS_MS.length - 1)];
    this.#tries += 1;
    return wait;
  }

  reset() {
    this.#tries = 0;
  }
}
