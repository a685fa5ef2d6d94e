import { AxeBuilder } from "@axe-core/playwright";
import { expect, type BrowserContext, type Page } from "@playwright/test";

/** The browser itself logs every answer of 400 and above as an error. */
const REFUSED_REQUEST = /^Failed to load resource: the server responded with a status of (\d{3})/;

const LOST_CONNECTION = /^Failed to load resource: net::ERR_/;

/** Gathers what went wrong in the pages of a test: exceptions, console errors, violations of the content policy. */
export class PageGuard {
  readonly complaints: string[] = [];
  readonly #expected = new Set<number>();
  #connectionsMayFail = false;

  /** Announces that the test provokes answers of this status. */
  expectRefusal(status: number): void {
    this.#expected.add(status);
  }

  /** Announces that the test cuts the page off from its server. */
  expectLostConnections(): void {
    this.#connectionsMayFail = true;
  }

  async watch(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`content policy: ${event.violatedDirective} blocked ${event.blockedURI}`);
      });
    });
    context.on("weberror", (webError) => this.complaints.push(String(webError.error())));
    context.on("console", (message) => {
      if (message.type() !== "error") return;
      const status = REFUSED_REQUEST.exec(message.text())?.[1];
      if (status !== undefined && this.#expected.has(Number(status))) return;
      if (this.#connectionsMayFail && LOST_CONNECTION.test(message.text())) return;
      this.complaints.push(`${message.text()} (${message.location().url})`);
    });
  }
}

/**
 * WCAG 2.2, levels A and AA, as far as a machine can tell. Rules that cannot tell in a page as it is shown are named in
 * `without`.
 */
export async function expectAccessible(page: Page, without: string[] = []): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  // A page can be read by a test before its styles have come, but not by a person.
  await page.waitForLoadState("load");
  const { violations } = await new AxeBuilder({ page }).withTags(tags).disableRules(without).analyze();
  const told = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).join("; ")}`,
  );
  expect(told, `accessibility of ${page.url()}`).toEqual([]);
}

/** Once a page has settled, nothing sticks out sideways, so that it needs scrolling in one direction only. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const sticksOut = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const isOut = (element: Element) => element.getBoundingClientRect().right > clientWidth + 0.5;
      if (scrollWidth <= clientWidth) return [];
      const out = [...document.querySelectorAll("body *")].filter(isOut);
      const named = out.map(({ tagName, className }) => `${tagName.toLowerCase()}.${String(className)}`);
      return [`${scrollWidth - clientWidth} px`, ...named];
    });
  await expect.poll(sticksOut, { message: `what sticks out of ${page.url()}`, timeout: 3_000 }).toEqual([]);
}

/** On ink, at a phone's width; then as it was. */
export async function expectReadableOnAPhone(page: Page): Promise<void> {
  const viewport = page.viewportSize();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: "light" });
  if (viewport !== null) await page.setViewportSize(viewport);
}
