import { existsSync } from "node:fs";
import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { chromium, type Browser } from "@playwright/test";

/** The near end of the link; the page's browser stands at the far one. */
export const HOST = "10.99.0.1";
const NAMESPACE = "clock-page";

export interface Network {
  name: string;
  out_ms: number;
  back_ms: number;
  jitter_ms: number;
  loss: number;
}

export const NETWORKS: Network[] = [
  { name: "10/10", out_ms: 10, back_ms: 10, jitter_ms: 0, loss: 0 },
  { name: "40/40 ± 10, 1 % lost", out_ms: 40, back_ms: 40, jitter_ms: 10, loss: 0.01 },
  { name: "120/120 ± 40, 1 % lost", out_ms: 120, back_ms: 120, jitter_ms: 40, loss: 0.01 },
  { name: "20/100", out_ms: 20, back_ms: 100, jitter_ms: 0, loss: 0 },
];

/** The bad link of link.py, with a namespace of its own at its far end. */
export class Link {
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  private constructor(process: ChildProcess, lines: Interface) {
    this.#process = process;
    this.#lines = lines;
  }

  static async up(network: Network): Promise<Link> {
    // What a run left behind that was broken off.
    if (existsSync(`/run/netns/${NAMESPACE}`)) execFileSync("ip", ["netns", "delete", NAMESPACE]);
    execFileSync("ip", ["netns", "add", NAMESPACE]);
    const args = [join(import.meta.dirname, "link.py"), "--namespace", NAMESPACE];
    args.push("--out-ms", `${network.out_ms}`, "--back-ms", `${network.back_ms}`);
    args.push("--jitter-ms", `${network.jitter_ms}`, "--loss", `${network.loss}`);
    const process = spawn("python3", args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: process.stdout! });
    const [line] = (await once(lines, "line")) as [string];
    if (line !== "ready") throw new Error(`the link said ${line}`);
    return new Link(process, lines);
  }

  /** A browser beyond the link. */
  browser(): Promise<Browser> {
    return chromium.launch({
      executablePath: join(import.meta.dirname, "chromium-beyond.sh"),
      env: { ...process.env, CLOCK_NAMESPACE: NAMESPACE },
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  }

  /** Takes it down. Answers with what it did: packets, losses, its own lateness. */
  async down(): Promise<string> {
    const last = once(this.#lines, "line") as Promise<[string]>;
    this.#process.kill("SIGTERM");
    const [told] = await last;
    execFileSync("ip", ["netns", "delete", NAMESPACE]);
    return told;
  }
}
