import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 15_000;
/** A stop lets open requests and queued orders finish. */
const STOP_TIMEOUT_MS = 20_000;

function binary(): string {
  const candidates = [
    process.env["STAMPEDE_BIN"],
    join(ROOT, "target/release/stampede"),
    join(ROOT, "target/debug/stampede"),
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error("There is no stampede binary: run `make build` first, or set STAMPEDE_BIN.");
  return resolve(found);
}

/** The machine's own settings for a shop must not reach the ones under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STAMPEDE_")));
}

/** The real server, on a port and in a folder of its own. */
export class Shop {
  #process: ChildProcess;
  readonly #folder: string;
  readonly origin: string;

  private constructor(process: ChildProcess, folder: string, origin: string) {
    this.#process = process;
    this.#folder = folder;
    this.origin = origin;
  }

  static async start(listen = "127.0.0.1:0"): Promise<Shop> {
    const folder = await mkdtemp(join(tmpdir(), "stampede-e2e-"));
    const { server, origin } = await serve(folder, listen);
    return new Shop(server, folder, origin);
  }

  /** Stops it as an operator would and starts it anew, at the same address, on the same store. */
  async restart(): Promise<void> {
    await this.goDown();
    await this.comeBack();
  }

  /** Serves again, at the same address and from the same store, after `goDown`. */
  async comeBack(): Promise<void> {
    this.#process = (await serve(this.#folder, new URL(this.origin).host)).server;
  }

  async stop(): Promise<void> {
    await this.goDown();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Asks the server to stop as an operator would; a stop that is not clean fails the run. */
  async goDown(): Promise<void> {
    const stopped = exitOf(this.#process);
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await stopped;
    clearTimeout(late);
    if (code !== 0) throw new Error(`The server stopped with ${code}:\n${await this.log()}`);
  }

  log(): Promise<string> {
    return readFile(join(this.#folder, "server.log"), "utf8");
  }

  /** Runs another `stampede` command beside the live server, on the same store. */
  async command(args: string[], standardInput = ""): Promise<string> {
    const child = spawn(binary(), [...args, "--store", storeUrl(this.#folder)], {
      cwd: this.#folder,
      env: cleanEnvironment(),
      // A command that asks for no input may be gone before any could be written to it.
      stdio: [standardInput === "" ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let output = "";
    let complaint = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdin?.end(standardInput);
    const code = await exitOf(child);
    if (code !== 0) throw new Error(`stampede ${args.join(" ")} ended with ${code}: ${complaint}`);
    return output.trim();
  }

  async addMerchant(email: string, password: string): Promise<void> {
    await this.command(["merchant", "add", email], `${password}\n`);
  }

  merchantToken(email: string): Promise<string> {
    return this.command(["token", "merchant", email]);
  }

  /** Session cookies, `NAME=VALUE`, each of a shopper of its own. */
  async shopperCookies(count: number): Promise<string[]> {
    return (await this.command(["token", "shoppers", "--count", String(count)])).split("\n");
  }
}

async function serve(folder: string, listen: string): Promise<{ server: ChildProcess; origin: string }> {
  const site = resolve(process.env["STAMPEDE_SITE"] ?? join(ROOT, "target/site"));
  const args = ["serve", "--listen", listen, "--store", storeUrl(folder), "--site", site, "--payments", "sandbox"];
  const server = spawn(binary(), args, { cwd: folder, env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(join(folder, "server.log"), { flags: "a" });
  server.stdout.pipe(log);
  server.stderr.pipe(log);
  try {
    return { server, origin: await addressOf(server) };
  } catch (error) {
    server.kill("SIGKILL");
    throw new Error(`${String(error)}\n${await readFile(join(folder, "server.log"), "utf8")}`);
  }
}

function storeUrl(folder: string): string {
  return `sqlite:${join(folder, "stampede.db")}`;
}

function exitOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((settle) => child.once("close", (code, signal) => settle(code ?? signal ?? "unknown")));
}

/** Reads the line that the server prints once it takes requests. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((settle, refuse) => {
    const late = setTimeout(() => refuse(new Error("The server did not say where it listens.")), START_TIMEOUT_MS);
    server.once("close", (code) => refuse(new Error(`The server ended with ${code} at its start.`)));
    if (server.stdout === null) throw new Error("The server's output is not piped.");
    createInterface({ input: server.stdout }).on("line", (line) => {
      const address = /listening on (http:\/\/[\d.:]+)/.exec(line)?.[1];
      if (address === undefined) return;
      clearTimeout(late);
      settle(address);
    });
  });
}
