import { randomBytes } from "node:crypto";
import { expect, type Locator, type Page } from "@playwright/test";
import { QUESTION } from "./merchant.ts";

/** What the pages say, where a test looks for it. */
const TEXTS = {
  en: {
    prefix: "",
    buy: "Buy now",
    quiz: "One question",
    answer: "Your answer",
    send: "Send",
    held: /Held for you until/,
    kinds: "Which one",
    leaveWaiting: "Leave the waiting line",
  },
  zh: {
    prefix: "/zh",
    buy: "立即抢购",
    quiz: "一道小题",
    answer: "您的答案",
    send: "提交",
    held: /为您保留至/,
    kinds: "选择款式",
    leaveWaiting: "退出候补",
  },
};

/** An item's page, by the roles and names that the contract fixes. */
export class ItemPage {
  readonly page: Page;
  readonly #texts: (typeof TEXTS)["en"];

  constructor(page: Page, locale: keyof typeof TEXTS = "en") {
    this.page = page;
    this.#texts = TEXTS[locale];
  }

  async open(slug: string): Promise<void> {
    await this.page.goto(`${this.#texts.prefix}/items/${slug}`);
    await expect(this.page.getByRole("heading", { level: 1 })).toHaveCount(1);
  }

  get buy(): Locator {
    return this.page.getByRole("button", { name: this.#texts.buy, exact: true });
  }

  get price(): Locator {
    return this.page.getByRole("main").locator(".price strong");
  }

  /** Where the item comes in several kinds: the choice between them. */
  get kinds(): Locator {
    return this.page.getByRole("main").getByRole("group", { name: this.#texts.kinds });
  }

  get leaveWaiting(): Locator {
    return this.page.getByRole("button", { name: this.#texts.leaveWaiting, exact: true });
  }

  get timer(): Locator {
    return this.page.getByRole("timer");
  }

  get status(): Locator {
    return this.page.getByRole("main").getByRole("status");
  }

  get quiz(): Locator {
    return this.page.getByRole("dialog");
  }

  get quizTitle(): string {
    return this.#texts.quiz;
  }

  get answer(): Locator {
    return this.quiz.getByRole("textbox", { name: this.#texts.answer });
  }

  get send(): Locator {
    return this.quiz.getByRole("button", { name: this.#texts.send, exact: true });
  }

  /** Presses Buy and waits for the question to be there, picture and all. */
  async openQuiz(): Promise<void> {
    await this.buy.click();
    await this.questionShown();
  }

  async questionShown(): Promise<void> {
    await expect(this.quiz).toBeVisible();
    await expect(this.quiz.getByText(this.#texts.quiz, { exact: true })).toBeVisible();
    const picture = this.quiz.getByRole("img");
    await expect(picture).toBeVisible();
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
      .toBeGreaterThan(0);
  }

  async sendAnswer(text: string = QUESTION.answer): Promise<void> {
    await this.answer.fill(text);
    await expect(this.send).toBeEnabled();
    await this.send.click();
  }

  async expectHeld(): Promise<void> {
    await expect(this.status).toHaveText(this.#texts.held);
  }
}

export interface Account {
  email: string;
  password: string;
  name: string;
}

export function newAccount(): Account {
  return { email: `shopper-${randomBytes(4).toString("hex")}@example.com`, password: "night market 42", name: "Mei" };
}

/** Makes an account in the form that the page shows, and waits to be greeted. */
export async function signUp(page: Page, account: Account): Promise<void> {
  await page.getByRole("button", { name: "New here? Make an account" }).click();
  await page.getByLabel("Name", { exact: true }).fill(account.name);
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign up", exact: true }).click();
  await expect(page.getByRole("banner")).toContainText(account.name);
}

export async function signInByForm(page: Page, account: Account): Promise<void> {
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("banner")).toContainText(account.name);
}

/** Holds back what a page asks of the server until it is let go, so that a brief state can be looked at. */
export async function holdBack(page: Page, url: string): Promise<() => void> {
  let letGo = (): void => {};
  const gate = new Promise<void>((open) => (letGo = open));
  await page.route(url, async (route) => {
    await gate;
    // The page may have been left meanwhile, and its request with it.
    await route.continue().catch(() => undefined);
  });
  return letGo;
}
