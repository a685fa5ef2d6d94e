import type { Browser } from "@playwright/test";
import { pause } from "../support/time.ts";

/** Stops every renderer of the browser for a while, as a device's sleep does. Answers with the machine's time at the wake. */
export async function sleep(browser: Browser, for_ms: number): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  if (renderers.length === 0) throw new Error("the browser has no renderer to stop");
  for (const pid of renderers) process.kill(pid, "SIGSTOP");
  try {
    await pause(for_ms);
  } finally {
    for (const pid of renderers) process.kill(pid, "SIGCONT");
  }
  await session.detach();
  return performance.timeOrigin + performance.now();
}
