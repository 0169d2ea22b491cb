// Figures as people read them.

/** Seconds of a stream as m:ss, with as many decimals as asked for. */
export function clock(seconds, decimals = 0) {
  if (seconds === null || seconds === undefined) return "–";
  const unit = 10 ** decimals;
  const whole = Math.max(0, Math.round(seconds * unit)) / unit;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export const percent = (share) => `${Math.round(share * 100)} %`;

export function milliseconds(value) {
  if (!Number.isFinite(value)) return "–";
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export const seconds = (value) => (Number.isFinite(value) ? `${value.toFixed(1)} s` : "–");

export const rate = (value) => `${(value ?? 0).toFixed(1)} fps`;

export function wallTime(secondsOrText) {
  if (secondsOrText === null || secondsOrText === undefined) return "–";
  const given = typeof secondsOrText === "number" ? secondsOrText * 1000 : secondsOrText;
  const date = new Date(given);
  return Number.isNaN(date.getTime()) ? "–" : date.toLocaleString();
}

/** What an ended stream says, in words. */
export function endReason(reason) {
  const known = {
    client_requested: "ended by its sender",
    webrtc_disconnected: "its video ended",
    lease_expired: "its sender went away",
    insufficient_credits: "its credits ran out",
    gone: "it is no longer there",
  };
  return known[reason] ?? reason ?? "ended";
}
