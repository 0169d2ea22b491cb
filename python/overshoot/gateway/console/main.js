// The page: the key, then everything on it.

import { Answers } from "./answers.js";
import { Charts } from "./charts.js";
import { byId, prepareDialogs, setText } from "./dom.js";
import { Evidence } from "./evidence.js";
import { Hub } from "./hub.js";
import { Monitor } from "./monitor.js";
import { PublishForm } from "./publish_form.js";
import { Publishers } from "./publishers.js";
import { Question } from "./question.js";
import { Rail } from "./rail.js";
import { askForKey, forgetKey, keptKey, signInFault, tryKey } from "./signin.js";
import { StoredActions } from "./stored.js";
import { prepareTabs } from "./tabs.js";
import { prepareTheme } from "./theme.js";
import { Timeline } from "./timeline.js";

async function enter() {
  const key = keptKey();
  if (key === null) return askForKey();
  try {
    return await tryKey(key);
  } catch (problem) {
    if (problem.status === 401) forgetKey();
    return askForKey(signInFault(problem));
  }
}

function prepareBanner(hub) {
  const [banner, button] = [byId("banner"), byId("banner-button")];
  const hide = () => {
    banner.hidden = true;
  };
  const say = (text, label, act) => {
    setText(byId("banner-text"), text);
    setText(button, label);
    button.onclick = act;
    banner.hidden = false;
  };
  const offline = "The gateway does not answer. This page tries again until it does.";
  hub.addEventListener("offline", () => say(offline, "Try now", () => hub.poll()));
  hub.addEventListener("fault", ({ detail }) => say(`The gateway refused: ${detail.message}`, "Close", hide));
  hub.addEventListener("online", hide);
}

function show(api) {
  byId("console").hidden = false;
  const hub = new Hub(api);
  const publishers = new Publishers(api);
  const evidence = new Evidence(hub);
  const openAction = (action) => evidence.open(action);
  prepareBanner(hub);
  // A fresh page tries the key once more, and says that it is not known.
  hub.addEventListener("refused", () => location.reload());
  new Rail(hub, publishers);
  new Monitor(hub, publishers);
  new Question(hub);
  new Timeline(hub, openAction);
  new Answers(hub);
  const stored = new StoredActions(hub, openAction);
  new Charts(hub);
  new PublishForm(hub, publishers);
  prepareTabs(document.querySelector("[role=tablist]"), (id) => id === "tab-actions" && stored.shown());
  byId("signout").onclick = async () => {
    hub.stop();
    await publishers.stopAll();
    forgetKey();
    location.reload();
  };
  setText(byId("gateway-line"), location.host);
  hub.start();
}

prepareTheme(byId("theme"));
prepareDialogs();
show(await enter());
