import { defineConfig } from "@playwright/test";
import { ARE_TAKEN } from "./support/pictures.ts";

export default defineConfig({
  testDir: "specs",
  // These only take pictures.
  testIgnore: ARE_TAKEN ? [] : ["screenshots*.spec.ts"],
  outputDir: "test-results",
  // Each worker has a shop of its own; the tests in a file share it, each with items of its own.
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Asia/Shanghai",
    // Colours are checked as they come to rest, not in the middle of a change.
    contextOptions: { reducedMotion: "reduce" },
    viewport: { width: 1280, height: 900 },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["STAMPEDE_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
