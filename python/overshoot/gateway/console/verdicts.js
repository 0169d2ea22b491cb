// Answers as people read them: verdicts on actions, other JSON, or text.

import { el } from "./dom.js";
import { percent } from "./format.js";

/** The verdicts of an answer to the action schema, or null where it is another answer. */
export function verdictsIn(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const listed = value?.detected_actions;
  if (!Array.isArray(listed)) return null;
  const good = listed.filter((entry) => typeof entry?.action === "string");
  return good.map(({ action, detected, confidence }) => ({
    action,
    detected: detected === true,
    confidence: typeof confidence === "number" ? Math.min(1, Math.max(0, confidence)) : null,
  }));
}

/** One line for a card. */
export function shortAnswer(result) {
  if (!result.ok) return result.error || "no answer";
  const verdicts = verdictsIn(result.result);
  if (verdicts === null) return result.result || "an empty answer";
  const seen = verdicts.filter((each) => each.detected);
  return seen.length ? seen.map((each) => each.action).join(", ") : "none of the actions";
}

/** The whole answer as nodes. */
export function answerNodes(result) {
  if (!result.ok) return [el("p", { class: "fault" }, result.error || "The model gave no answer.")];
  const verdicts = verdictsIn(result.result);
  if (verdicts !== null) return [el("ul", { class: "verdicts" }, ...verdicts.map(verdict))];
  return [el("p", { class: "answer-text" }, pretty(result.result))];
}

function verdict({ action, detected, confidence }) {
  const item = el(
    "li",
    { class: detected ? "verdict seen" : "verdict" },
    el("span", { class: "verdict-name" }, action),
    el("span", { class: "verdict-figure figure" }, confidence === null ? "–" : percent(confidence)),
    el("span", { class: "unseen" }, detected ? "seen" : "not seen"),
  );
  item.style.setProperty("--share", confidence ?? 0);
  return item;
}

function pretty(text) {
  if (!/^\s*[[{]/.test(text)) return text || "(an empty answer)";
  try {
    return JSON.stringify(JSON.parse(text), null, 1).replace(/\n\s*/g, " ");
  } catch {
    return text;
  }
}
