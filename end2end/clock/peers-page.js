// Four countdowns in one page. `?start_ms=` is the first one's start; the others follow at a distance, so that no flip
// waits for another. Each is timed like ours: short looks, and a short timer at last.

import SyncClient from "/ircam.js";

const APART_MS = 150;
const LOOK_MS = 200;
const PRECISE_MS = 16;

const start_ms = Number(new URLSearchParams(location.search).get("start_ms"));
// As a page reads the wall clock: shifted where the harness has shifted Date.
const skew_ms = Math.round((Date.now() - (performance.timeOrigin + performance.now())) / 1000) * 1000;
const local_ms = () => performance.timeOrigin + skew_ms + performance.now();

const sync = timesync.create({ server: "/timesync", now: local_ms });
let synced = false;
sync.on("change", () => (synced = true));

let ready = false;
const ircam = new SyncClient(() => performance.now() / 1e3);
const socket = new WebSocket(`ws://${location.host}/`);
socket.addEventListener("open", () =>
  ircam.start(
    (...ping) => socket.send(JSON.stringify(ping)),
    (take) => socket.addEventListener("message", (event) => take(...JSON.parse(event.data))),
    ({ status }) => (ready = status === "sync" || status === "training"),
  ),
);

let once_ms = NaN;
fetch("/once")
  .then((answer) => answer.json())
  .then((told) => (once_ms = told.now_ms - local_ms()));

const CLOCKS = {
  told: () => performance.timeOrigin + performance.now(),
  timesync: () => (synced ? sync.now() : NaN),
  "@ircam/sync": () => (ready ? ircam.getSyncTime() * 1e3 : NaN),
  "asked once": () => local_ms() + once_ms,
};

globalThis.flips = {};

Object.entries(CLOCKS).forEach(([name, clock_ms], index) => {
  const target_ms = start_ms + index * APART_MS;
  const look = () => {
    const left_ms = target_ms - clock_ms();
    if (left_ms <= 0) {
      // On the page's own clock; the harness knows what time that was.
      globalThis.flips[name] = { at_ms: performance.now(), target_ms };
      return;
    }
    const precise = left_ms >= 2 * PRECISE_MS && left_ms < LOOK_MS;
    // NaN until the clock is known: another look.
    setTimeout(look, Math.ceil(precise ? left_ms - PRECISE_MS : Math.min(LOOK_MS, left_ms + 0.2) || LOOK_MS));
  };
  look();
});
