// `make lighthouse`: a catalogue and an item's page as Lighthouse sees them on its slow phone, five times each.
// The median run's scores and every audit that is not full marks are printed; the reports stay in target/lighthouse.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "chrome-launcher";
import lighthouse, { generateReport } from "lighthouse";
import { computeMedianRun } from "lighthouse/core/lib/median-run.js";

const RUNS = Number(process.env.RUNS ?? 5);
const LEAST = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };
// An item whose sale is on, and one whose sale is to come.
const PAGES = { catalogue: "/", "item-open": "/items/lantern", "item-upcoming": "/zh/items/camera" };

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const reports = path.join(root, "target/lighthouse");

async function startShop() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stampede-lighthouse-"));
  const binary = process.env.STAMPEDE_BIN ?? path.join(root, "target/release/stampede");
  const store = `sqlite:${path.join(folder, "stampede.db")}`;
  const args = ["serve", "--demo", "--listen", "127.0.0.1:0", "--store", store, "--site", path.join(root, "target/site")];
  const server = spawn(binary, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const origin = await new Promise((settle, refuse) => {
    server.once("exit", (code) => refuse(new Error(`the server ended with ${code}`)));
    createInterface({ input: server.stdout }).on("line", (line) => {
      const address = /listening on (http:\/\/[\d.:]+)/.exec(line)?.[1];
      if (address) settle(address);
    });
  });
  const stop = () => new Promise((settle) => (server.once("exit", settle), server.kill("SIGTERM")));
  return { origin, stop: () => stop().then(() => fs.rmSync(folder, { recursive: true })) };
}

async function look(name, url, port) {
  const runs = [];
  for (let tries = 0; runs.length < RUNS; tries += 1) {
    const { lhr } = await lighthouse(url, { port, logLevel: "error", output: "json" });
    // Now and then it loses the beginning of its own trace.
    const lostTrace = lhr.runtimeError?.code === "NO_NAVSTART" && tries < 2 * RUNS;
    if (lhr.runtimeError && !lostTrace) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    if (!lostTrace) runs.push(lhr);
  }
  const median = computeMedianRun(runs);
  fs.writeFileSync(path.join(reports, `${name}.html`), generateReport(median, "html"));
  fs.writeFileSync(path.join(reports, `${name}.json`), JSON.stringify(median));
  return median;
}

function tell(name, lhr) {
  const scores = Object.entries(LEAST).map(([category, least]) => {
    const score = Math.round(lhr.categories[category].score * 100);
    return { category, score, short: score < least };
  });
  console.log(`\n${name}: ${scores.map(({ category, score }) => `${category} ${score}`).join(", ")}`);
  for (const id of ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"]) {
    console.log(`  ${lhr.audits[id].title}: ${lhr.audits[id].displayValue}`);
  }
  for (const category of Object.keys(LEAST)) {
    for (const { id, weight } of lhr.categories[category].auditRefs) {
      const { score, title, displayValue, details } = lhr.audits[id];
      const lost = score !== null && score < 1 && (weight > 0 || details?.overallSavingsMs > 0);
      if (lost) console.log(`  [${category}] ${id} ${score} (weight ${weight}): ${title} ${displayValue ?? ""}`);
    }
  }
  return scores.every(({ short }) => !short);
}

fs.mkdirSync(reports, { recursive: true });
const shop = await startShop();
const chromePath = process.env.STAMPEDE_CHROMIUM ?? "/usr/bin/chromium";
const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
let enough = true;
try {
  for (const [name, page] of Object.entries(PAGES)) {
    const lhr = await look(name, `${shop.origin}${page}`, chrome.port);
    enough = tell(name, lhr) && enough;
  }
} finally {
  chrome.kill();
  await shop.stop();
}
console.log(`\nReports: ${path.relative(process.cwd(), reports)}`);
process.exitCode = enough ? 0 : 1;
