/** What runs in a page before the page's own code: a wrong wall clock, a flip watcher, and a clock that can stand still. */

export interface Told {
  /** Epoch milliseconds by the machine's clock. */
  at_ms: number;
  offset_ms: number;
  bound_ms: number;
}

export interface Watched {
  /** Epoch milliseconds at which Buy was first enabled. */
  flipped_at_ms: number | undefined;
  told: Told[];
  /** Milliseconds for which the page's monotonic clock has stood still. */
  slept_ms: number;
  /** Epoch milliseconds by the page's time origin, whatever the page itself is told. */
  epoch_ms: () => number;
  /** The wall clock as it is. */
  machine_ms: () => number;
}

declare global {
  // eslint-disable-next-line no-var
  var watched: Watched;
}

/**
 * Shifts `Date`, and nothing else, by `skew_ms`. Where `sleeps` is set, `performance.now()` and the timings of resources stand still
 * while the renderer is stopped, as they do while a device sleeps; otherwise they run on, as a browser's do.
 */
export function prelude({ skew_ms, sleeps }: { skew_ms: number; sleeps: boolean }): void {
  const MachineDate = Date;
  const machine_ms = Date.now.bind(Date);
  const real_ms = performance.now.bind(performance);
  globalThis.Date = class extends MachineDate {
    constructor(...parts: []) {
      if (parts.length === 0) super(machine_ms() + skew_ms);
      else super(...parts);
    }
    static override now(): number {
      return machine_ms() + skew_ms;
    }
  } as DateConstructor;

  const watched: Watched = {
    flipped_at_ms: undefined,
    told: [],
    slept_ms: 0,
    epoch_ms: () => performance.timeOrigin + real_ms(),
    machine_ms,
  };
  globalThis.watched = watched;

  if (sleeps) {
    const HEARTBEAT_MS = 20;
    const STOPPED_MS = 1_000;
    let beat_ms = real_ms();
    const awake_ms = (): number => {
      const now_ms = real_ms();
      if (now_ms - beat_ms > STOPPED_MS) watched.slept_ms += now_ms - beat_ms;
      beat_ms = now_ms;
      return now_ms - watched.slept_ms;
    };
    setInterval(awake_ms, HEARTBEAT_MS);
    performance.now = awake_ms;
    for (const name of ["startTime", "requestStart", "responseStart"]) {
      const owner = name === "startTime" ? PerformanceEntry.prototype : PerformanceResourceTiming.prototype;
      const read = Object.getOwnPropertyDescriptor(owner, name)!.get!;
      Object.defineProperty(owner, name, {
        get(): number {
          return (read.call(this) as number) - watched.slept_ms;
        },
      });
    }
  }

  const look = (records: MutationRecord[]): void => {
    for (const { target } of records) {
      if (!(target instanceof HTMLElement)) continue;
      if (target.matches("button.buy")) {
        if (!target.hasAttribute("disabled")) watched.flipped_at_ms ??= watched.epoch_ms();
      } else if (target.dataset["clockBoundMs"]) {
        const { clockOffsetMs, clockBoundMs } = target.dataset;
        watched.told.push({ at_ms: watched.epoch_ms(), offset_ms: Number(clockOffsetMs), bound_ms: Number(clockBoundMs) });
      }
    }
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    attributeFilter: ["disabled", "data-clock-offset-ms", "data-clock-bound-ms"],
  });
}
