import { resolve } from "node:path";
import type { Page } from "@playwright/test";

const FOLDER = resolve(import.meta.dirname, "../screenshots");

/** A phone in the hand, and a desk. */
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

/** Whether pictures are asked for. They take minutes, and only a person can judge them. */
export const ARE_TAKEN = process.env["SCREENSHOTS"] !== undefined;

/** Takes pictures that a person looks at (`make screenshots`): end2end/screenshots, a folder a size. */
export function picturesAt(size: string): (page: Page, name: string, fullPage?: boolean) => Promise<void> {
  return async (page, name, fullPage = false) => {
    if (ARE_TAKEN) await page.screenshot({ path: `${FOLDER}/${size}/${name}.png`, fullPage });
  };
}
