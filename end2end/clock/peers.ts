// The countdowns that ours is compared with, each as its makers mean it to be used, over the same link: `timesync` by HTTP,
// `@ircam/sync` by a WebSocket, a shop that asks once, and pages that ask nobody.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import ircamSync from "@ircam/sync";
import { WebSocketServer, type WebSocket } from "ws";

/** This machine's time in epoch milliseconds, to the microsecond. */
export const now_ms = (): number => performance.timeOrigin + performance.now();

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

// It comes as a CommonJS file with one import, of a logger.
const ircam = (): string => `const exports = {};
const require = () => ({ __esModule: true, default: () => () => {} });
${read("node_modules/@ircam/sync/client/index.js")}
export default exports.default;`;

const FILES: Record<string, [type: string, body: () => string]> = {
  "/": ["text/html", () => '<!DOCTYPE html><script src="/timesync.js"></script><script type="module" src="/page.js"></script>'],
  "/page.js": ["text/javascript", () => read("peers-page.js")],
  "/ircam.js": ["text/javascript", ircam],
  "/timesync.js": ["text/javascript", () => read("node_modules/timesync/dist/timesync.js")],
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "/", "http://peers");
  const send = (type: string, body: string): void => {
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
  };
  if (pathname === "/once") return send("application/json", JSON.stringify({ now_ms: now_ms() }));
  if (pathname === "/timesync") {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => send("application/json", JSON.stringify({ id: (JSON.parse(body) as { id: string }).id, result: now_ms() })));
    return;
  }
  const file = FILES[pathname];
  if (file === undefined) response.writeHead(404).end();
  else send(file[0], file[1]());
}

function converse(socket: WebSocket): void {
  const sync = new ircamSync.SyncServer(() => now_ms() / 1e3);
  sync.start(
    (...pong) => socket.send(JSON.stringify(pong)),
    (take) => socket.on("message", (message) => take(...(JSON.parse(String(message)) as number[]))),
  );
}

/** Serves the peers' page at an address. Answers with how to stop. */
export async function servePeers(host: string, port: number): Promise<() => void> {
  const server = createServer(answer);
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", converse);
  await new Promise<void>((listening) => server.listen(port, host, listening));
  return () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  };
}
