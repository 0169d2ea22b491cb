// A page as a user of the package would write it: from the file that was chosen, or else from the
// camera. Tests call what is in `window.page` and read what it has noted.
import * as sdk from "@overshoot/sdk";

const seen = { results: [], errors: [] };
const element = (id) => document.getElementById(id);
let vision = null;

function note(list, entry, text) {
  seen[list].push(entry);
  const item = document.createElement("li");
  item.textContent = text;
  element(list).append(item);
}

function asData(error) {
  const { name, message, statusCode, requestId, details } = error;
  const own = error instanceof sdk.ApiError;
  return { name, message, statusCode, requestId, details, isApiError: own };
}

// What a call throws is an answer, too.
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: asData(error) };
  }
}

async function start(config) {
  const [file] = element("file").files;
  vision = new sdk.RealtimeVision({
    // The package's own TURN server is on the internet.
    iceServers: [],
    ...(file && { source: { type: "video", file } }),
    ...config,
    onResult: (result) => note("results", result, `${result.prompt} ${result.result}`),
    onError: (error) => {
      note("errors", asData(error), error.message);
      element("state").value = "failed";
    },
  });
  await vision.start();
  element("preview").srcObject = vision.getMediaStream();
  element("state").value = "running";
  return vision.getStreamId();
}

async function stop() {
  await vision.stop();
  element("state").value = "stopped";
}

window.page = {
  seen,
  start: (config) => outcome(() => start(config)),
  stop: () => outcome(stop),
  updatePrompt: (prompt) => outcome(() => vision.updatePrompt(prompt)),
  submitFeedback: (feedback) => outcome(() => vision.submitFeedback(feedback)),
  isActive: () => vision.isActive(),
  // The package's client of single calls.
  call: (config, method, ...args) =>
    outcome(() => new sdk.StreamClient(config)[method](...args)),
};
