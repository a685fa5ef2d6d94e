import { resolve } from "node:path";
import type { Page } from "@playwright/test";

const FOLDER = resolve(import.meta.dirname, "../screenshots");

/** A phone in the hand, and a desk. */
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

/** Takes pictures that a person looks at: end2end/screenshots, a folder a size. */
export function picturesAt(size: string): (page: Page, name: string, fullPage?: boolean) => Promise<Buffer> {
  return (page, name, fullPage = false) => page.screenshot({ path: `${FOLDER}/${size}/${name}.png`, fullPage });
}
