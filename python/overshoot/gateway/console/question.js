// The question of the selected stream, edited while it runs.

import { actionNames, actionPrompt, actionSchema, namesInSchema } from "./actions_question.js";
import { announce, byId, setText } from "./dom.js";
import { followSelected } from "./selection.js";

export class Question {
  /** What the stream asks, as far as this form has seen: what edits are compared with. */
  #known = { prompt: "", schema: "" };
  #busy = false;

  constructor(hub) {
    this.hub = hub;
    this.prompt = byId("prompt");
    this.schema = byId("schema");
    followSelected(hub, () => this.#fill(), {
      summary: () => this.#refresh(),
      ended: () => this.#buttons(),
    });
    byId("question-form").onsubmit = (event) => {
      event.preventDefault();
      this.#apply();
    };
    byId("question-reset").onclick = () => this.#fill();
    byId("schema-format").onclick = () => this.#format();
    this.prompt.oninput = this.schema.oninput = () => this.#check();
    this.#prepareActions();
  }

  #fill() {
    this.#known = asked(this.hub.selected);
    this.prompt.value = this.#known.prompt;
    this.schema.value = this.#known.schema;
    this.#note("");
    this.#check();
  }

  /** Take what was changed elsewhere, unless something is being written here. */
  #refresh() {
    const now = asked(this.hub.selected);
    const same = now.prompt === this.#known.prompt && now.schema === this.#known.schema;
    if (!same && !this.#busy) {
      if (this.#edited()) this.#note("The question was changed elsewhere; Undo takes it over.");
      else this.#fill();
    }
    this.#versions();
  }

  #edited() {
    return this.prompt.value !== this.#known.prompt || this.schema.value !== this.#known.schema;
  }

  #versions() {
    const state = this.hub.selected;
    const { prompt_version: prompt = 0, schema_version: schema = 0 } = state?.summary ?? {};
    setText(byId("question-version"), state ? `prompt v${prompt} · schema v${schema}` : "");
  }

  /** Say what is wrong with the text, in place of what was wrong with the one before. */
  #check() {
    byId("prompt-error").textContent = "";
    byId("schema-error").textContent = read(this.schema.value).fault ?? "";
    this.#buttons();
  }

  #buttons() {
    const state = this.hub.selected;
    const off = !state || Boolean(state.ended);
    const { fault } = read(this.schema.value);
    this.schema.setAttribute("aria-invalid", String(fault !== undefined));
    for (const id of ["prompt", "schema", "schema-actions"]) byId(id).disabled = off;
    byId("schema-format").disabled = off || fault !== undefined || !this.schema.value.trim();
    byId("question-reset").disabled = off || !this.#edited();
    const empty = !this.prompt.value.trim();
    byId("question-apply").disabled =
      off || this.#busy || fault !== undefined || empty || !this.#edited();
    this.#versions();
  }

  #format() {
    const { schema } = read(this.schema.value);
    if (schema) this.schema.value = shown(schema);
    this.#check();
  }

  async #apply() {
    const state = this.hub.selected;
    const { schema } = read(this.schema.value);
    const wanted = { prompt: this.prompt.value, schema: this.schema.value };
    const before = this.#known;
    this.#note("");
    this.#busy = true;
    this.#check();
    let field = "schema-error";
    try {
      // The shape first: answers to the new prompt are to have it.
      if (wanted.schema !== before.schema) {
        await this.#patch(state, "schema", { output_schema_json: schema });
      }
      field = "prompt-error";
      if (wanted.prompt !== before.prompt) {
        await this.#patch(state, "prompt", { prompt: wanted.prompt });
      }
      if (state === this.hub.selected) this.#taken(wanted);
      announce("The new question is asked from the next clip on.");
    } catch (error) {
      if (state === this.hub.selected) byId(field).textContent = explained(error);
    } finally {
      this.#busy = false;
      if (state === this.hub.selected) this.#buttons();
    }
  }

  /** What was sent is what is known now; what was written meanwhile stays. */
  #taken(wanted) {
    this.#known = asked(this.hub.selected);
    for (const name of ["prompt", "schema"]) {
      if (this[name].value === wanted[name]) this[name].value = this.#known[name];
    }
    this.#note("Asked from the next clip on.");
  }

  async #patch(state, what, body) {
    const path = `/streams/${encodeURIComponent(state.id)}/config/${what}`;
    const config = await this.hub.api.json("PATCH", path, body);
    const { prompt, prompt_version, schema_version, output_schema_json: output_schema } = config;
    state.update({ prompt, prompt_version, schema_version, output_schema });
  }

  #note(text) {
    setText(byId("question-note"), text);
  }

  #prepareActions() {
    const dialog = byId("actions-dialog");
    const form = byId("actions-dialog-form");
    byId("schema-actions").onclick = () => {
      form.elements.actions.value = namesInSchema(read(this.schema.value).schema).join("\n");
      byId("actions-dialog-error").textContent = "";
      dialog.showModal();
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      try {
        const names = actionNames(form.elements.actions.value);
        this.prompt.value = actionPrompt(names);
        this.schema.value = shown(actionSchema(names));
        dialog.close();
        this.#check();
      } catch (error) {
        byId("actions-dialog-error").textContent = error.message;
      }
    };
  }
}

const shown = (schema) => JSON.stringify(schema, null, 2);

function asked(state) {
  const { prompt = "", output_schema: schema = null } = state?.summary ?? {};
  return { prompt, schema: schema ? shown(schema) : "" };
}

/** The schema in a text: null for none, or the `fault` that keeps it from being one. */
function read(text) {
  if (!text.trim()) return { schema: null };
  try {
    const schema = JSON.parse(text);
    if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return { schema };
    return { fault: "A schema is a JSON object: it begins with { and ends with }." };
  } catch (error) {
    return { fault: `This is not JSON: ${error.message}` };
  }
}

function explained(error) {
  const fields = Array.isArray(error.details) ? error.details : [];
  const more = fields.map(({ field, message }) => `${field}: ${message}`).filter((each) => !error.message.includes(each));
  return [error.message, ...more].join("\n");
}
