// Counts what scripts/test.sh ran, from what the tools themselves wrote, and ends with `N passed, N failed`.
// Exits with 1 when anything failed. Usage: node scripts/test-summary.mjs LOG-FOLDER

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
/** Of one failure, and how many failures are told. */
const MOST_LINES = 12;
const MOST_FAILURES = 10;
const read = (name) => readFileSync(join(folder, name), "utf8");

/** Tallies by kind, in the order in which they are printed. */
const tallies = new Map();

function add(kind, passed, failed, skipped = 0) {
  const tally = tallies.get(kind) ?? { passed: 0, failed: 0, skipped: 0 };
  tally.passed += passed;
  tally.failed += failed;
  tally.skipped += skipped;
  tallies.set(kind, tally);
}

/** `cargo test` names each binary before its result: unit tests, a file under tests/, or a crate's documentation. */
function countCargoTests(log) {
  let kind = "unit tests";
  const total = { passed: 0, failed: 0 };
  for (const line of log.split("\n")) {
    if (/^\s+Running unittests /.test(line)) kind = "unit tests";
    else if (/^\s+Running tests\//.test(line)) kind = "server and integration tests";
    else if (/^\s+Doc-tests /.test(line)) kind = "documentation tests";
    const result = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line);
    if (result) {
      add(kind, Number(result[1]), Number(result[2]), Number(result[3]));
      total.passed += Number(result[1]);
      total.failed += Number(result[2]);
    }
  }
  return total;
}

function countBrowserSpecs() {
  if (!existsSync(join(folder, "playwright.json"))) return { passed: 0, failed: 0 };
  const { stats } = JSON.parse(read("playwright.json"));
  add("browser specs", stats.expected + stats.flaky, stats.unexpected, stats.skipped);
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
}

/** Why specs failed, so that the end of the output tells it too. */
function browserFailures() {
  if (!existsSync(join(folder, "playwright.json"))) return [];
  const told = [];
  const walk = (suite) => {
    for (const spec of suite.specs ?? []) {
      for (const { results } of spec.tests) {
        for (const { message } of results.flatMap((result) => result.errors)) {
          const text = (message ?? "").replaceAll(/\u001b\[[\d;]*m/g, "");
          told.push(`${spec.file}: ${spec.title}\n${text.split("\n").slice(0, MOST_LINES).join("\n")}`);
        }
      }
    }
    for (const inner of suite.suites ?? []) walk(inner);
  };
  for (const suite of JSON.parse(read("playwright.json")).suites) walk(suite);
  return told;
}

/** Where Rust's tests panicked, and with what. */
function cargoFailures(log) {
  const lines = log.split("\n");
  return lines.flatMap((line, at) =>
    / panicked at /.test(line) ? [lines.slice(at, at + MOST_LINES).join("\n")] : [],
  );
}

const steps = read("steps.tsv")
  .trim()
  .split("\n")
  .map((line) => line.split("\t"))
  .map(([name, code, seconds]) => ({ name, ok: code === "0", seconds: Number(seconds) }));

for (const step of steps) {
  const isCargoTest = step.name.startsWith("cargo-test");
  if (isCargoTest || step.name === "browser") {
    const total = isCargoTest ? countCargoTests(read(`${step.name}.log`)) : countBrowserSpecs();
    // It did not compile, broke off or ran nothing: a failure that no single test stands for.
    if ((!step.ok && total.failed === 0) || total.passed + total.failed === 0) {
      add(`runs that broke off (${step.name})`, 0, 1);
    }
  } else {
    add("checks and builds", step.ok ? 1 : 0, step.ok ? 0 : 1);
  }
}

const failures = steps
  .filter((step) => !step.ok)
  .flatMap(({ name }) => {
    if (name === "browser") return browserFailures();
    return name.startsWith("cargo-test") ? cargoFailures(read(`${name}.log`)) : [];
  });
for (const failure of failures.slice(0, MOST_FAILURES)) {
  console.log(`    ${failure.replaceAll("\n", "\n    ")}\n`);
}
for (const step of steps) {
  console.log(`    ${step.ok ? "ok    " : "FAILED"}  ${String(step.seconds).padStart(5)} s  ${step.name}`);
}
console.log();
let passed = 0;
let failed = 0;
for (const [kind, tally] of tallies) {
  passed += tally.passed;
  failed += tally.failed;
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  console.log(`    ${kind}: ${tally.passed} passed, ${tally.failed} failed${skipped}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
