import { randomUUID } from "node:crypto";
import { exchange, json, Refusal, type Answer } from "./http.ts";
import { QUESTION } from "./merchant.ts";
import { eventually, pause } from "./time.ts";

export interface Quiz {
  quiz_token: string;
  image_url: string;
  issued_at_ms: number;
  earliest_answer_ms: number;
  expires_at_ms: number;
}

export interface Accepted {
  queue_token: string;
  order_id: string;
  position: number;
  poll_after_ms: number;
}

export interface QueueStatus {
  state: "queued" | "waiting" | "held" | "sold_out" | "rejected";
  reason?: string;
  order_id: string;
  poll_after_ms?: number;
  hold_expires_at_ms?: number;
}

export interface Order {
  order_id: string;
  state: "held" | "awaiting_payment" | "paid" | "released" | "refunded";
  quantity: number;
  amount_minor: number;
  currency: string;
}

/** The shopper API with a session cookie. */
export class Shopper {
  readonly #origin: string;
  readonly cookie: string;

  constructor(origin: string, cookie: string) {
    this.#origin = origin;
    this.cookie = cookie;
  }

  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return exchange(this.#origin, method, path, { headers: { cookie: this.cookie, ...headers }, json: body });
  }

  async call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    return json<T>(await this.ask(method, path, body, headers));
  }

  quiz(sale_id: string): Promise<Quiz> {
    return this.call("POST", `/api/sales/${sale_id}/quiz`, {});
  }

  async pass(sale_id: string): Promise<string> {
    const quiz = await this.quiz(sale_id);
    await pause(Math.max(0, quiz.earliest_answer_ms - quiz.issued_at_ms));
    const answer = { quiz_token: quiz.quiz_token, answer: QUESTION.answer };
    return (await this.call<{ pass: string }>("POST", `/api/sales/${sale_id}/quiz/answer`, answer)).pass;
  }

  order(
    sale_id: string,
    pass: string,
    key: string = randomUUID(),
    quantity = 1,
    sku?: string,
  ): Promise<Accepted> {
    return this.call("POST", `/api/sales/${sale_id}/orders`, { pass, quantity, sku }, { "idempotency-key": key });
  }

  /** Polls a queue token, at the interval that the server states, until it ends. */
  async outcome(queue_token: string): Promise<QueueStatus> {
    return eventually("the queue token ends", async () => {
      const status = await this.call<QueueStatus>("GET", `/api/queue/${encodeURIComponent(queue_token)}`);
      if (status.state !== "queued" && status.state !== "waiting") return status;
      await pause(status.poll_after_ms ?? 100);
      return undefined;
    });
  }

  /** From the quiz to the outcome. A sale that is sold out may say so at any step. */
  async buy(sale_id: string, sku?: string): Promise<QueueStatus> {
    try {
      const pass = await this.pass(sale_id);
      const accepted = await this.order(sale_id, pass, randomUUID(), 1, sku);
      return await this.outcome(accepted.queue_token);
    } catch (error) {
      if (error instanceof Refusal && error.code === "sold_out") return { state: "sold_out", order_id: "" };
      throw error;
    }
  }

  orderState(order_id: string): Promise<Order> {
    return this.call("GET", `/api/orders/${order_id}`);
  }

  async cancel(order_id: string): Promise<void> {
    await this.call("POST", `/api/orders/${order_id}/cancel`);
  }

  /** Opens a payment and lets the sandbox's provider settle it. */
  async pay(order_id: string): Promise<void> {
    const { payment_id } = await this.call<{ payment_id: string }>("POST", `/api/orders/${order_id}/payments`, {});
    await this.call("POST", `/sandbox/payments/${payment_id}/settle`, { outcome: "paid" });
  }
}
