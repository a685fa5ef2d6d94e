// Four countdowns in one page, each with a button of its own. `?start_ms=` is the first one's start; the others follow at a
// distance, so that no flip waits for another, and `?turn=` says which is the first: a browser does nothing as slowly as for the
// first time. Each is timed like ours: short looks, and a short timer at last.

import SyncClient from "/ircam.js";

const APART_MS = 150;
const LOOK_MS = 200;
const PRECISE_MS = 16;

const asked = new URLSearchParams(location.search);
const start_ms = Number(asked.get("start_ms"));
const turn = Number(asked.get("turn"));
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

// Seen as ours is: when the button is enabled, on the page's own clock; the harness knows what time that was.
globalThis.flips = {};
const targets = new Map();
new MutationObserver((records) => {
  const at_ms = performance.now();
  for (const { target } of records) globalThis.flips[target.textContent] ??= { at_ms, target_ms: targets.get(target) };
}).observe(document.body, { subtree: true, attributeFilter: ["disabled"] });

Object.entries(CLOCKS).forEach(([name, clock_ms], index, { length }) => {
  const target_ms = start_ms + ((index + turn) % length) * APART_MS;
  const button = document.createElement("button");
  button.textContent = name;
  button.disabled = true;
  targets.set(button, target_ms);
  document.body.append(button);
  const look = () => {
    const left_ms = target_ms - clock_ms();
    if (left_ms <= 0) {
      button.disabled = false;
      return;
    }
    const precise = left_ms >= 2 * PRECISE_MS && left_ms < LOOK_MS;
    // NaN until the clock is known: another look.
    setTimeout(look, Math.ceil(precise ? left_ms - PRECISE_MS : Math.min(LOOK_MS, left_ms + 0.2) || LOOK_MS));
  };
  look();
});
