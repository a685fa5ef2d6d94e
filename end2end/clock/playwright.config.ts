import { defineConfig } from "@playwright/test";

// Measurements, not tests: they say how good the clock is here and now, and fail only where it tells a lie.
export default defineConfig({
  testDir: ".",
  testMatch: "*.measure.ts",
  outputDir: "../test-results/clock",
  workers: 1,
  timeout: 3_600_000,
  reporter: [["list"]],
});
