// The question for actions, as the package's ActionDetector asks it.

const PROMPT =
  "Which of these actions can be seen in the video: {actions}? Give every one of them once, with" +
  " detected (true or false) and confidence (0.0 to 1.0).";

/** Names from lines; an error where there is none, or two that are the same but for case. */
export function actionNames(text) {
  const names = text
    .split("\n")
    .map((line) => line.trim().replace(/\s+/g, " "))
    .filter(Boolean);
  if (!names.length) throw new Error("Name at least one action.");
  const seen = new Set();
  for (const name of names) {
    const same = name.toLowerCase();
    if (seen.has(same)) throw new Error(`“${name}” is there twice.`);
    seen.add(same);
  }
  return names;
}

// A function, for a name may hold what `replace` would take for a pattern.
export const actionPrompt = (names) => PROMPT.replace("{actions}", () => names.join(", "));

export function actionSchema(names) {
  const verdict = {
    type: "object",
    properties: {
      action: { type: "string", enum: names },
      confidence: { type: "number" },
      detected: { type: "boolean" },
    },
    required: ["action", "confidence", "detected"],
  };
  return {
    type: "object",
    properties: { detected_actions: { type: "array", items: verdict } },
    required: ["detected_actions"],
  };
}

/** The names that a schema of this kind asks for; empty for any other. */
export function namesInSchema(schema) {
  const names = schema?.properties?.detected_actions?.items?.properties?.action?.enum;
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
