// The gateway's calls, with its errors in its own words.

const TIMEOUT_MS = 15_000;

export class CallError extends Error {
  /** `status` is 0 where no answer came. */
  constructor(status, message, details = null) {
    super(message);
    this.status = status;
    this.details = details;
  }

  get offline() {
    return this.status === 0;
  }
}

/** Where the API of this gateway begins, which its own document says. */
export async function findApi() {
  let answer;
  try {
    answer = await fetch("/openapi.json", { cache: "no-store" });
  } catch {
    throw new CallError(0, "the gateway does not answer");
  }
  if (!answer.ok) throw await told(answer);
  const { servers } = await answer.json();
  return new URL(servers[0].url, location.href).pathname.replace(/\/$/, "");
}

export class Api {
  constructor(base, key) {
    this.base = base;
    this.key = key;
  }

  async json(method, path, body) {
    const answer = await this.call(method, path, { body });
    return answer.status === 204 ? null : answer.json();
  }

  async blob(path) {
    return (await this.call("GET", path)).blob();
  }

  /** One call; `CallError` for anything but success. */
  async call(method, path, { body } = {}) {
    const headers = { Authorization: `Bearer ${this.key}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(this.base + path, {
        method,
        headers,
        cache: "no-store",
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new CallError(0, "the gateway does not answer");
    }
    if (!answer.ok) throw await told(answer);
    return answer;
  }

  /** Delete as the page goes away; nobody is left to hear the answer, or to give up waiting. */
  deleteLast(path) {
    const headers = { Authorization: `Bearer ${this.key}` };
    fetch(this.base + path, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
  }

  socket(path) {
    const url = new URL(this.base + path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    return socket;
  }
}

async function told(answer) {
  try {
    const { message, error, details } = await answer.json();
    return new CallError(answer.status, message || error, details);
  } catch {
    return new CallError(answer.status, `the gateway answered with ${answer.status}`);
  }
}

/** A query string of what is not empty. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
