// Making elements. Whatever comes from a stream is set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with its attributes; a child is a node or a text. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set the text only where it differs, so that nothing is laid out or read out again for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Say something to those who listen to the page in place of looking at it. */
export function announce(text) {
  setText(byId("announcer"), text);
}

const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  dark: "M13 9.500A5.500 5.500 0 1 1 6.500 3a4.500 4.500 0 0 0 6.500 6.500z",
  light:
    "M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15" +
    "M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  auto: "M8 2.500a5.500 5.500 0 1 0 0 11zM8 2.500a5.500 5.500 0 0 1 0 11",
  play: "M5 3.500l7.500 4.500L5 12.500z",
};

/** A small drawing that says nothing to a screen reader. */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}

/** Give dialogs their ways out: the buttons marked for it; Esc is the browser's own. */
export function prepareDialogs() {
  for (const button of document.querySelectorAll("[data-close]")) {
    if (button.classList.contains("icon-button")) button.append(icon("close"));
    button.addEventListener("click", () => button.closest("dialog").close());
  }
}
