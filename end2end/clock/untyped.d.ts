// What the harness uses of packages that bring no types, or whose types nobody else needs.

declare module "@ircam/sync" {
  type Take = (...ping: number[]) => void;
  class SyncServer {
    constructor(time_s: () => number);
    start(send: (...pong: number[]) => void, receive: (take: Take) => void): void;
  }
  const both: { SyncServer: typeof SyncServer };
  export default both;
}

declare module "ws" {
  import type { Server } from "node:http";
  export interface WebSocket {
    send(message: string): void;
    on(event: "message", take: (message: unknown) => void): void;
    terminate(): void;
  }
  export class WebSocketServer {
    constructor(options: { server: Server });
    readonly clients: Set<WebSocket>;
    on(event: "connection", take: (socket: WebSocket) => void): void;
  }
}
