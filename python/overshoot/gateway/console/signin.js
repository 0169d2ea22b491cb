// The key: asked for once, kept for the tab.

import { Api, CallError, findApi } from "./api.js";
import { byId } from "./dom.js";

const NAME = "overshoot.key";

export const keptKey = () => sessionStorage.getItem(NAME);
export const forgetKey = () => sessionStorage.removeItem(NAME);

/** Try a key; an `Api` that works, or the error that says why not. */
export async function tryKey(key) {
  // A header could not carry anything else.
  if (!/^[!-~]+$/.test(key)) throw new CallError(401, "no key of a gateway's");
  const api = new Api(await findApi(), key);
  await api.json("GET", "/streams");
  sessionStorage.setItem(NAME, key);
  return api;
}

/** Show the form, with what went wrong before; comes back with an `Api` that works. */
export function askForKey(fault = "") {
  const [room, form, input, error] = ["signin", "signin-form", "signin-key", "signin-error"].map(byId);
  room.hidden = false;
  error.textContent = fault;
  input.value = "";
  input.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const api = await tryKey(input.value.trim());
        input.value = "";
        room.hidden = true;
        resolve(api);
      } catch (problem) {
        error.textContent = signInFault(problem);
        input.select();
      } finally {
        button.disabled = false;
      }
    };
  });
}

export function signInFault(problem) {
  if (problem.status === 401) return "This gateway does not know that key.";
  if (problem.status > 0) return problem.message;
  return "The gateway does not answer. Is it still running?";
}
