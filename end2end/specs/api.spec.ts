import { expect, newShoppers, test } from "../support/fixtures.ts";
import { codeOf } from "../support/http.ts";
import { eventually } from "../support/time.ts";

test("60 shoppers behind one address at 20 units: exactly 20 held, 40 sold out, ledger balanced", async ({
  shop,
  merchant,
}) => {
  const shoppers = await newShoppers(shop, 60);
  const sale = await merchant.publishedSale({ starts_in_ms: 3_000, stock_units: 20 });

  await test.step("an order and a quiz are refused before the start", async () => {
    const early = shoppers[0]!;
    expect(Date.now()).toBeLessThan(sale.starts_at_ms - 500);
    expect(await codeOf(early.quiz(sale.sale_id))).toBe("sale_not_open");
    expect(await codeOf(early.order(sale.sale_id, "no-pass-yet"))).toBe("sale_not_open");
    expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 20, free: 20, held: 0, sold: 0, balanced: true });
  });

  await merchant.untilPhase(sale.sale_id, "open");
  const outcomes = await Promise.all(shoppers.map((shopper) => shopper.buy(sale.sale_id)));

  const held = outcomes.filter((outcome) => outcome.state === "held");
  expect(held).toHaveLength(20);
  expect(outcomes.filter((outcome) => outcome.state === "sold_out")).toHaveLength(40);
  expect(new Set(held.map((outcome) => outcome.order_id)).size).toBe(20);
  expect(held.every((outcome) => (outcome.hold_expires_at_ms ?? 0) > Date.now())).toBe(true);
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 20, free: 0, held: 20, sold: 0, balanced: true });

  await test.step("every held unit can be paid, and is then sold", async () => {
    const holders = outcomes.flatMap((outcome, index) =>
      outcome.state === "held" ? [{ shopper: shoppers[index]!, outcome }] : [],
    );
    await Promise.all(holders.map(({ shopper, outcome }) => shopper.pay(outcome.order_id)));
    for (const { shopper, outcome } of holders) {
      await eventually("the order is paid", async () =>
        (await shopper.orderState(outcome.order_id)).state === "paid" ? true : undefined,
      );
    }
    expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 20, free: 0, held: 0, sold: 20, balanced: true });
  });
});

test("a hold that lapses gives its unit to the next shopper", async ({ shop, merchant }) => {
  const [first, second] = await newShoppers(shop, 2);
  const sale = await merchant.openSale({ stock_units: 1, hold_seconds: 2 });
  const lapsing = await first!.buy(sale.sale_id);
  expect(lapsing.state).toBe("held");
  expect((await second!.buy(sale.sale_id)).state).toBe("sold_out");

  await eventually("the order is released", async () =>
    (await first!.orderState(lapsing.order_id)).state === "released" ? true : undefined,
  );
  await merchant.untilPhase(sale.sale_id, "open");

  expect((await second!.buy(sale.sale_id)).state).toBe("held");
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 1, free: 0, held: 1, sold: 0, balanced: true });
});

test("the same key gives the same order, and with another body is refused", async ({ shop, merchant }) => {
  const [shopper, another] = await newShoppers(shop, 2);
  const sale = await merchant.openSale({ stock_units: 5, per_shopper_limit: 2 });
  const pass = await shopper!.pass(sale.sale_id);
  const sent = await shopper!.order(sale.sale_id, pass, "my-key");
  const sentAgain = await shopper!.order(sale.sale_id, pass, "my-key");
  expect(sentAgain.order_id).toBe(sent.order_id);
  expect(await codeOf(shopper!.order(sale.sale_id, pass, "my-key", 2))).toBe("idempotency_mismatch");
  expect((await shopper!.outcome(sentAgain.queue_token)).state).toBe("held");
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 5, free: 4, held: 1, sold: 0, balanced: true });

  await test.step("what belongs to somebody else answers as if it did not exist", async () => {
    expect(await codeOf(another!.orderState(sent.order_id))).toBe("not_found");
    expect(await codeOf(another!.call("GET", `/api/queue/${encodeURIComponent(sent.queue_token)}`))).toBe("not_found");
    expect(await codeOf(another!.call("POST", `/api/orders/${sent.order_id}/cancel`, {}))).toBe("not_found");
  });
});

test("a mutation from another site is refused, whatever its cookie", async ({ shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  const sale = await merchant.openSale();
  const quiz = `/api/sales/${sale.sale_id}/quiz`;
  const origins: Record<string, string>[] = [
    { origin: "https://elsewhere.example" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of origins) {
    expect(await codeOf(shopper!.call("POST", quiz, {}, headers))).toBe("cross_site");
  }
  expect(await codeOf(shopper!.call("POST", quiz, {}, { origin: shop.origin, "sec-fetch-site": "same-origin" }))).toBe(
    "accepted",
  );
});
