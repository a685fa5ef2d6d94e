import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Passing {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

/** The way between a browser and the shop, as an edge has it: counts what is fetched, and may change what passes. */
export class Wire {
  readonly #server: Server;
  readonly origin: string;
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();
  /** Changes an answer on its way, in place. */
  change: (passing: Passing) => void = () => {};

  private constructor(server: Server, origin: string) {
    this.#server = server;
    this.origin = origin;
  }

  static async before(shopOrigin: string): Promise<Wire> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const wire = new Wire(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (asked, answer) => {
      const path = asked.url ?? "/";
      wire.asked.set(path, (wire.asked.get(path) ?? 0) + 1);
      // What is changed here must not be compressed.
      const headers = { ...asked.headers, "accept-encoding": "identity" };
      const onward = request(new URL(path, shopOrigin), { method: asked.method, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => {
          const passing: Passing = { path, headers: { ...incoming.headers }, bytes: Buffer.concat(chunks) };
          wire.change(passing);
          delete passing.headers["content-length"];
          delete passing.headers["transfer-encoding"];
          answer.writeHead(incoming.statusCode ?? 502, passing.headers).end(passing.bytes);
        });
      });
      onward.on("error", () => answer.destroy());
      asked.pipe(onward);
    });
    return wire;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
