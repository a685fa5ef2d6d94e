import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";

/** Many shoppers behind one address keep many connections open. */
const agent = new Agent({ keepAlive: true, maxSockets: 100 });

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** As it came over the wire: still compressed where `content-encoding` says so. */
  bytes: Buffer;
}

export interface Ask {
  headers?: Record<string, string>;
  json?: unknown;
}

/** One plain HTTP exchange that adds no header of its own, follows nothing and unpacks nothing. */
export function exchange(origin: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...ask.headers };
  const body = ask.json === undefined ? undefined : JSON.stringify(ask.json);
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  return new Promise((settle, refuse) => {
    const sent = httpRequest(new URL(path, origin), { method, headers, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", refuse);
      incoming.on("end", () =>
        settle({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", refuse);
    sent.end(body);
  });
}

/** A refusal, with the stable code of its problem details. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

/** The JSON of an answer, or its refusal thrown. */
export function json<T>(answer: Answer): T {
  const text = answer.bytes.toString("utf8");
  if (answer.status < 400) return (text === "" ? undefined : JSON.parse(text)) as T;
  if (answer.headers["content-type"]?.startsWith("application/problem+json") !== true) {
    throw new Error(`${answer.status} without problem details: ${text}`);
  }
  const problem = JSON.parse(text) as { code: string; detail: string };
  throw new Refusal(answer.status, problem.code, problem.detail);
}

/** The code that a call is refused with, or `accepted`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
