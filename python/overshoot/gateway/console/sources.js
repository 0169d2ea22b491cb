// Where the video of this browser comes from. Each gives `{media, stop, over}`: a MediaStream, how
// to end it, and a promise for when it ends by itself.

const IDEAL = { width: { ideal: 1280 }, height: { ideal: 720 } };

export async function openCamera(deviceId, fps) {
  const device = deviceId ? { deviceId: { exact: deviceId } } : {};
  const video = { ...IDEAL, ...device, frameRate: { ideal: Math.max(15, fps) } };
  return fromMedia(await allowed(() => navigator.mediaDevices.getUserMedia({ video, audio: false })));
}

export async function openScreen(fps) {
  const video = { frameRate: { ideal: Math.max(5, fps) } };
  return fromMedia(await allowed(() => navigator.mediaDevices.getDisplayMedia({ video, audio: false })));
}

/** A file, played without sound; `loop` plays it again and again. */
export async function openFile(file, loop) {
  const video = document.createElement("video");
  const url = URL.createObjectURL(file);
  Object.assign(video, { muted: true, playsInline: true, loop, src: url });
  const over = new Promise((resolve) => {
    video.addEventListener("ended", () => resolve("The video is over."));
  });
  const close = () => {
    video.pause();
    video.removeAttribute("src");
    URL.revokeObjectURL(url);
  };
  try {
    await video.play();
  } catch {
    close();
    throw new Error(`This browser cannot play “${file.name}”.`);
  }
  const media = capture(video);
  const stop = () => {
    media.getTracks().forEach((track) => track.stop());
    close();
  };
  return { media, stop, over };
}

export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}

function fromMedia(media) {
  const [track] = media.getVideoTracks();
  const over = new Promise((resolve) => {
    track.addEventListener("ended", () => resolve("The browser ended the video."));
  });
  return { media, over, stop: () => media.getTracks().forEach((each) => each.stop()) };
}

function capture(video) {
  const make = video.captureStream ?? video.mozCaptureStream;
  if (make) return new MediaStream(make.call(video).getVideoTracks());
  return painted(video);
}

/** For browsers that cannot take a stream from a video: from a canvas it is drawn into. */
function painted(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  const draw = () => {
    if (!video.src) return;
    context.drawImage(video, 0, 0);
    requestAnimationFrame(draw);
  };
  draw();
  return canvas.captureStream();
}

async function allowed(ask) {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers give cameras and screens only to https pages and to this machine’s own.");
  }
  try {
    return await ask();
  } catch (error) {
    const words = {
      NotAllowedError: "The browser was not allowed to share it.",
      NotFoundError: "There is no such camera.",
      NotReadableError: "The camera is in use by another program.",
      OverconstrainedError: "That camera is not there any more.",
    };
    throw new Error(words[error.name] ?? error.message);
  }
}
