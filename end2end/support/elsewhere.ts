import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Another website, on the same machine: by the name it is asked for, it is another origin or another site. */
export class Elsewhere {
  readonly #server: Server;
  readonly #port: number;
  /** What its page is. */
  html = "";
  /** Every address that it was asked for: what a page let slip to it stands in there. */
  readonly heard: string[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(): Promise<Elsewhere> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, listening));
    const elsewhere = new Elsewhere(server, (server.address() as AddressInfo).port);
    server.on("request", (asked, answer) => {
      elsewhere.heard.push(asked.url ?? "");
      answer.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      answer.end(`<!doctype html><title>Elsewhere</title>${elsewhere.html}`);
    });
    return elsewhere;
  }

  /** Another origin, but the same site as a shop at 127.0.0.1: cookies go along. */
  get neighbour(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Another site altogether. */
  get stranger(): string {
    return `http://localhost:${this.#port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
