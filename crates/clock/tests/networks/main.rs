//! The visitor's clock against simulated networks and drifting clocks: is the bound true, always, and how good is the estimate?
//!
//!     cargo test -p clock --test networks
//!     NETWORKS=1000000 cargo test --release -p clock --test networks -- --nocapture
//!
//! Every network is made from its number, which a failure names.

mod world;

use clock::{EXCHANGE_TIMEOUT_MS, Exchange, Heard, Pace, Visitor};
use world::World;

const TIMEOUT_US: f64 = EXCHANGE_TIMEOUT_MS as f64 * 1e3;
const DEFAULT_NETWORKS: u64 = 20_000;

fn networks() -> u64 {
    std::env::var("NETWORKS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_NETWORKS)
}

/// A page over one world, from its load to a start.
struct Page {
    world: World,
    visitor: Visitor,
    now_us: f64,
    number: u64,
    /// The life of the server that the page last heard of: of a later one it cannot know.
    heard_life: usize,
    last_shown_us: f64,
    /// Every usable exchange since the last upset, for the comparison with other estimators.
    exchanges: Vec<Exchange>,
}

impl Page {
    fn open(world: World, number: u64) -> Self {
        let (visitor, now_us) = (Visitor::new(), 50_000.0);
        Self { world, visitor, now_us, number, heard_life: 0, last_shown_us: f64::NEG_INFINITY, exchanges: Vec::new() }
    }

    fn look(&mut self) {
        let (monotonic_us, wall_us) = (self.world.reading_us(self.now_us), self.world.wall_us(self.now_us));
        if self.visitor.look(monotonic_us, wall_us) {
            self.exchanges.clear();
        }
    }

    /// One exchange, with whatever upsets it on its way. Answers with how long it took, where it was usable.
    fn exchange(&mut self, upset: impl FnOnce(&mut Self)) -> Option<f64> {
        self.look();
        let life = self.visitor.life();
        let (arrived_us, back_us) = self.world.trip_us(self.now_us);
        let sent_us = self.world.reading_us(self.now_us);
        let server_life = self.world.server_life();
        let server_us = self.world.server_us(server_life, arrived_us);
        if back_us - self.now_us > TIMEOUT_US {
            self.now_us += TIMEOUT_US;
            return None;
        }
        self.now_us = back_us;
        upset(self);
        self.look();
        let exchange = Exchange {
            sent_us,
            server_received_us: server_us.floor() as i64,
            server_sent_us: (server_us + 50.0).floor() as i64,
            received_us: self.world.reading_us(self.now_us),
        };
        let usable = self.visitor.exchange(life, exchange, &server_life.to_string());
        if usable {
            if self.heard_life != server_life {
                (self.heard_life, self.last_shown_us) = (server_life, f64::NEG_INFINITY);
            }
            self.exchanges.push(exchange);
        }
        usable.then_some((exchange.received_us - exchange.sent_us) / 1e3)
    }

    /// The bound must be true now, and the shown time not before the last. Answers with the bound.
    fn check(&mut self) -> Option<f64> {
        self.look();
        // As the page reads its clock, before it is rounded: what rounding adds is the reading's, not the estimate's.
        let monotonic_us = self.world.monotonic_us(self.now_us);
        let shown = self.visitor.show(monotonic_us)?;
        let error_us = shown.server_us - self.world.server_us(self.heard_life, self.now_us);
        assert!(error_us.abs() <= shown.bound_us, "network {}: {error_us} µs off, {shown:?}", self.number);
        assert!(shown.server_us >= self.last_shown_us, "network {}: the shown time steps back", self.number);
        self.last_shown_us = shown.server_us;
        Some(shown.bound_us)
    }

    /// Until `start_us`, as the page does it. Upsets come where `upset` says.
    fn run_to(&mut self, start_us: f64, mut upset: impl FnMut(&mut Self)) {
        let mut pace = Pace::new();
        while self.now_us < start_us {
            let trip_ms = self.exchange(&mut upset);
            let bound_us = self.check();
            let heard = trip_ms.zip(bound_us).map(|(trip_ms, us)| Heard { trip_ms, bound_ms: us / 1e3 });
            let pause_ms = pace.pause_ms(heard, (start_us - self.now_us) / 1e3);
            let pause_us = pause_ms * 1e3 * (0.8 + 0.4 * self.world.dice.f64());
            let looked_us = self.world.dice.f64() * pause_us;
            self.now_us += looked_us;
            self.check();
            self.now_us += pause_us - looked_us;
        }
        self.check();
    }
}

#[test]
fn the_bound_is_true_on_every_network_whatever_happens_to_the_clocks() {
    for number in 0..networks() {
        let mut page = Page::open(World::any(number), number);
        let start_us = 1e6 + page.world.dice.f64() * 900e6;
        let upsets_likely = [0.0, 0.05, 0.3][page.world.dice.usize(0..3)];
        page.run_to(start_us, |page| {
            if page.world.dice.f64() >= upsets_likely {
                return;
            }
            match page.world.dice.usize(0..4) {
                0 => page.world.restart_server(),
                1 => page.world.set_wall_clock(),
                2 => {
                    // The device is carried about with its lid closed while an answer is on its way.
                    let for_us = 1e5 * 20_000_f64.powf(page.world.dice.f64());
                    page.now_us += for_us;
                    page.world.sleep(for_us);
                }
                // The renderer is stopped, as a page in the back/forward cache is; its clock goes on.
                _ => page.now_us += page.world.dice.f64() * 600e6,
            }
        });
    }
}

#[test]
fn on_usual_networks_the_estimate_is_better_than_the_quickest_round_trip_and_the_mean() {
    for (lead_us, name) in [(8e6, "8 s after load"), (300e6, "5 min after load")] {
        let mut errors_us = [const { Vec::new() }; 3];
        for number in 0..networks() {
            let mut page = Page::open(World::usual(number), number);
            page.run_to(lead_us, |_| {});
            let monotonic_us = page.world.monotonic_us(page.now_us);
            let truth_us = page.world.server_us(0, page.now_us) - monotonic_us;
            let Some(shown) = page.visitor.show(monotonic_us) else { continue };
            let middle_us = |exchange: &Exchange| {
                let server_us = (exchange.server_received_us + exchange.server_sent_us) as f64 / 2.0;
                server_us - f64::midpoint(exchange.sent_us, exchange.received_us)
            };
            let round_trip_us = |exchange: &&Exchange| exchange.received_us - exchange.sent_us;
            let quickest =
                page.exchanges.iter().min_by(|a, b| round_trip_us(a).total_cmp(&round_trip_us(b))).map(middle_us);
            let mean = page.exchanges.iter().map(middle_us).sum::<f64>() / page.exchanges.len() as f64;
            let found = [shown.server_us - monotonic_us, quickest.unwrap(), mean];
            for (errors_us, offset_us) in errors_us.iter_mut().zip(found) {
                errors_us.push((offset_us - truth_us).abs());
            }
        }
        let [ours, quickest, mean] = errors_us.map(|mut errors_us| {
            errors_us.sort_by(f64::total_cmp);
            let at = |part: f64| errors_us[(part * (errors_us.len() - 1) as f64) as usize] / 1e3;
            [at(0.5), at(0.95), at(1.0)]
        });
        println!("{name}, p50 / p95 / worst, ms: ours {ours:.2?}, quickest {quickest:.2?}, mean {mean:.2?}");
        for part in 0..2 {
            assert!(ours[part] < quickest[part] && ours[part] < mean[part], "{name}: {ours:?} {quickest:?} {mean:?}");
        }
    }
}
