// Listening to whichever stream is selected.

/** Call `onChange(state)` at each selection, and the listeners for events of that stream alone. */
export function followSelected(hub, onChange, listeners = {}) {
  let current = null;
  const change = () => {
    for (const [name, listener] of Object.entries(listeners)) {
      current?.removeEventListener(name, listener);
      hub.selected?.addEventListener(name, listener);
    }
    current = hub.selected;
    onChange(current);
  };
  hub.addEventListener("selected", change);
  change();
}
