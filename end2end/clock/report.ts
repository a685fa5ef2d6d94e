import { appendFileSync, mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { expect } from "@playwright/test";
import type { Told } from "./prelude.ts";

const FOLDER = resolve(import.meta.dirname, "../../target/clock");
/** `data-clock-offset-ms` is told against a wall clock of whole milliseconds, and not anew for a change of one. */
const TOLD_WITHIN_MS = 2.5;

/** p50, p95 and worst, and how many there are. */
export function summary(values_ms: number[]): { p50: number; p95: number; worst: number; count: number } {
  const sorted = [...values_ms].sort((a, b) => a - b);
  const at = (part: number): number => Math.round(10 * (sorted[Math.ceil(part * sorted.length) - 1] ?? NaN)) / 10;
  return { p50: at(0.5), p95: at(0.95), worst: at(1), count: sorted.length };
}

/** What was measured behind one network: printed as rows of a table, and kept in target/clock. */
export class Report {
  readonly #network: string;
  readonly #errors_ms = new Map<string, number[]>();
  readonly #bounds_ms: number[] = [];
  /** How far off the clock itself was when last told, the flip's own lateness left out. */
  readonly #clock_errors_ms: number[] = [];
  readonly #lies: string[] = [];
  #tellings = 0;
  #note = "";

  constructor(network: string) {
    this.#network = network;
  }

  /** A flip that came so much after its start, or before it. */
  flip(who: string, error_ms: number): void {
    const errors_ms = this.#errors_ms.get(who) ?? [];
    this.#errors_ms.set(who, [...errors_ms, error_ms]);
  }

  /** Everything that a page told of its clock, held against the truth: the shop's clock is ahead of the page's by minus its skew. */
  told(told: Told[], skew_ms: number): void {
    for (const { at_ms, offset_ms, bound_ms } of told) {
      this.#tellings += 1;
      const error_ms = offset_ms + skew_ms;
      if (Math.abs(error_ms) > bound_ms + TOLD_WITHIN_MS) {
        this.#lies.push(`${error_ms} ms off where ± ${bound_ms} was told, at ${at_ms}`);
      }
    }
    const last = told.at(-1);
    this.#bounds_ms.push(last?.bound_ms ?? NaN);
    // Half a millisecond is what a wall clock of whole ones leaves out.
    this.#clock_errors_ms.push((last?.offset_ms ?? NaN) + skew_ms - 0.5);
  }

  note(note: string): void {
    this.#note = note;
  }

  close(): void {
    mkdirSync(FOLDER, { recursive: true });
    const rows = [...this.#errors_ms].map(([who, errors_ms]) => {
      const { p50, p95, worst, count } = summary(errors_ms.map(Math.abs));
      const middle = summary(errors_ms).p50;
      return `| ${this.#network} | ${who} | ${p50} | ${p95} | ${worst} | ${middle} | ${count} |`;
    });
    const clock = summary(this.#clock_errors_ms);
    const bound = summary(this.#bounds_ms);
    const lines = [
      "| network | who | p50 | p95 | worst | middle, signed | flips |",
      "|---|---|---|---|---|---|---|",
      ...rows,
      "",
      `told: ± ${bound.p50} ms (p50), ± ${bound.worst} ms (worst) at the end; ${this.#tellings} tellings, ${this.#lies.length} untrue`,
      `clock at the end, to a millisecond: ${clock.p50} ms ahead (middle)`,
      `link: ${this.#note}; machine: ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    ];
    console.log(`\n${lines.join("\n")}\n`);
    appendFileSync(`${FOLDER}/flips.md`, `\n${lines.join("\n")}\n`);
    appendFileSync(
      `${FOLDER}/flips.jsonl`,
      `${JSON.stringify({ network: this.#network, at: new Date().toISOString(), errors_ms: Object.fromEntries(this.#errors_ms) })}\n`,
    );
    expect(this.#lies, "what the page told of its clock").toEqual([]);
    expect(this.#tellings).toBeGreaterThan(0);
  }
}
