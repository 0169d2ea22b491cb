// The form that makes a stream from this browser's camera, screen or a file.

import { actionNames, actionPrompt, actionSchema } from "./actions_question.js";
import { announce, byId, el, setText } from "./dom.js";
import { cameras, openCamera, openFile, openScreen } from "./sources.js";

export class PublishForm {
  #file = null;
  #canTell = new Map();

  constructor(hub, publishers) {
    this.hub = hub;
    this.publishers = publishers;
    this.dialog = byId("publish-dialog");
    this.form = byId("publish-form");
    byId("publish").onclick = () => this.open();
    this.form.onchange = () => this.#show();
    this.form.elements.file.addEventListener("change", ({ target }) => this.#choose(target.files[0]));
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.#start();
    };
    this.#acceptDrops();
  }

  open() {
    byId("publish-error").textContent = "";
    this.#show();
    this.#models();
    this.#cameras();
    if (!this.dialog.open) this.dialog.showModal();
  }

  #show() {
    const { source, kind, model } = this.#values();
    byId("publish-camera").hidden = source !== "camera";
    byId("publish-file").hidden = source !== "file";
    byId("publish-describe").hidden = kind !== "describe";
    byId("publish-actions").hidden = kind !== "actions";
    const known = this.#canTell.get(model) ?? [];
    byId("publish-can-tell").hidden = !known.length;
    setText(byId("publish-can-tell"), `“${model}” can tell: ${known.join(", ")}.`);
  }

  #values() {
    return Object.fromEntries(new FormData(this.form));
  }

  #choose(file) {
    this.#file = file ?? null;
    setText(byId("publish-file-name"), file ? `${file.name} · ${(file.size / 1e6).toFixed(1)} MB` : "");
  }

  #acceptDrops() {
    const hasFile = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
    document.ondragover = (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    };
    document.ondragleave = ({ relatedTarget }) => {
      if (relatedTarget === null) document.body.classList.remove("dropping");
    };
    document.ondrop = (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      document.body.classList.remove("dropping");
      this.form.elements.source.value = "file";
      this.#choose(event.dataTransfer.files[0]);
      this.open();
    };
  }

  async #models() {
    const select = this.form.elements.model;
    try {
      const models = await this.hub.api.json("GET", "/models");
      const chosen = select.value;
      const option = ({ model, ready, status }) =>
        el("option", { value: model, disabled: !ready }, ready ? model : `${model} (${status})`);
      select.replaceChildren(...models.map(option));
      if (models.some(({ model }) => model === chosen)) select.value = chosen;
      this.#canTell = new Map(models.map(({ model, can_tell: known }) => [model, known]));
      this.#show();
    } catch (error) {
      byId("publish-error").textContent = error.message;
    }
  }

  async #cameras() {
    const select = this.form.elements.camera;
    const chosen = select.value;
    const found = await cameras();
    const options = found.map(({ deviceId, label }, place) =>
      el("option", { value: deviceId }, label || `Camera ${place + 1}`),
    );
    select.replaceChildren(el("option", { value: "" }, "The browser’s default"), ...options);
    if (found.some(({ deviceId }) => deviceId === chosen)) select.value = chosen;
  }

  async #start() {
    const button = byId("publish-start");
    const error = byId("publish-error");
    error.textContent = "";
    button.disabled = true;
    setText(button, "Starting…");
    let source = null;
    try {
      const values = this.#values();
      const request = asked(values);
      source = await this.#open(values, request.processing.target_fps);
      const id = await this.publishers.publish(source, request);
      this.dialog.close();
      announce("The stream is live.");
      await this.hub.selectNew(id);
    } catch (problem) {
      source?.stop();
      error.textContent = problem.message;
    } finally {
      button.disabled = false;
      setText(button, "Start");
    }
  }

  #open(values, fps) {
    if (values.source === "camera") return openCamera(values.camera, fps);
    if (values.source === "screen") return openScreen(fps);
    if (!this.#file) throw new Error("Choose a video file first.");
    return openFile(this.#file, "loop" in values);
  }
}

/** What the form asks the gateway for; an error names the field that is wrong. */
function asked(values) {
  const number = (name, words, least, most) => {
    const value = Number(values[name]);
    if (values[name] === "" || !(value >= least && value <= most)) {
      throw new Error(`${words} is a number from ${least} to ${most}.`);
    }
    return value;
  };
  const processing = {
    target_fps: Math.round(number("target_fps", "Frames per second", 1, 30)),
    clip_length_seconds: number("clip_length_seconds", "Clip length", 0.1, 60),
    delay_seconds: number("delay_seconds", "The time from clip to clip", 0.1, 60),
  };
  if (!values.model) throw new Error("No model is ready.");
  return { processing, inference: { model: values.model, ...question(values) } };
}

function question({ kind, prompt, actions }) {
  if (kind === "actions") {
    const names = actionNames(actions);
    return { prompt: actionPrompt(names), output_schema_json: actionSchema(names) };
  }
  if (!prompt.trim()) throw new Error("Say what the model is to tell.");
  return { prompt };
}
