import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { ItemPage } from "../support/pages.ts";

test("the question in words is a story in the page's language, another each time", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const item = await merchant.newItem();
  const starts_at_ms = Date.now() + 400;
  const { sale_id } = await merchant.call<{ sale_id: string }>("POST", "sales", {
    item_id: item.item_id,
    price_minor: 2_900,
    starts_at_ms,
    ends_at_ms: starts_at_ms + 600_000,
    stock_units: 5,
    per_shopper_limit: 1,
    hold_seconds: 300,
    quiz: { kind: "arithmetic", questions: [], min_answer_ms: 0, max_answer_ms: 120_000 },
  });
  await merchant.call("POST", `sales/${sale_id}/publish`);
  await merchant.untilPhase(sale_id, "open");
  for (const [locale, cannotSee, language] of [
    ["en", "Can’t see the picture?", /^[A-Z0-9][^\u4e00-\u9fff]+ Answer in digits\.$/],
    ["zh", "看不清图片？", /^[\u4e00-\u9fff0-9].*请用数字回答。$/],
  ] as const) {
    await test.step(locale, async () => {
      const shown = new ItemPage(page, locale);
      const stories = new Set<string>();
      await shown.open(item.slug);
      await shown.openQuiz();
      const asked = page.waitForResponse((answer) => answer.url().endsWith("/quiz"));
      await shown.quiz.getByRole("button", { name: cannotSee }).click();
      const { question } = (await (await asked).json()) as { question: string };
      expect(question).toMatch(language);
      await expect(shown.quiz).toContainText(question);
      for (let number = 0; number < 5; number += 1) {
        const again = await shopper!.call<{ question: string }>("POST", `/api/sales/${sale_id}/quiz`, {
          accessible: true,
          language: locale,
        });
        expect(again.question).toMatch(language);
        stories.add(again.question);
      }
      expect(stories.size).toBeGreaterThan(1);
    });
  }
});

test("the equal route needs nothing that a page without TLS lacks, and works while one reads", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  // As on plain http anywhere but on this machine itself.
  await context.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined }));
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  expect(await page.evaluate(() => crypto.subtle ?? null)).toBeNull();
  await item.openQuiz();
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/quiz"));
  await item.quiz.getByRole("button", { name: "Can’t see the picture?" }).click();
  expect((await (await asked).json()) as object).toMatchObject({ proof_bits: 17 });
  const asked_ms = performance.now();
  const answered = page.waitForRequest((request) => request.url().endsWith("/quiz/answer"));
  await item.sendAnswer();
  const body = (await answered).postDataJSON() as { proof: number };
  expect(body.proof).toBeGreaterThanOrEqual(0);
  // A figure for docs/QUIZ.md, and no verdict: machines differ.
  const proof = `${body.proof + 1} hashes, answer on its way after ${Math.round(performance.now() - asked_ms)} ms`;
  test.info().annotations.push({ type: "proof of work", description: proof });
  console.log(proof);
  await item.expectHeld();
});
