// Dark, light, or as the system has it.

import { icon } from "./dom.js";

const NAME = "overshoot.theme";
const NEXT = { auto: "dark", dark: "light", light: "auto" };
const WORDS = { auto: "as the system", dark: "dark", light: "light" };

export function prepareTheme(button) {
  let theme = sessionStorage.getItem(NAME) ?? "auto";
  const show = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.replaceChildren(icon(theme));
    const label = `Theme: ${WORDS[theme]}. Change to ${WORDS[NEXT[theme]]}`;
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    sessionStorage.setItem(NAME, theme);
    show();
  });
  show();
}
