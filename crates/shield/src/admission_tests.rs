use super::*;
use crate::simulated::{Simulated, way};

/// Looks of 5 ms in a second.
const SECOND: usize = 200;

/// A crowd whose pages ask an edge, which asks the shop once a second.
struct Crowd {
    server: Simulated,
    looks: usize,
    at_the_edge: Option<Admission>,
}

impl Crowd {
    fn new() -> Self {
        Self { server: Simulated::new(10.0 * way()), looks: 0, at_the_edge: None }
    }

    /// The time of one look, in which so many come, each for once: of those who look at the edge first, only who is drawn. How many of
    /// them were held back there.
    fn step(&mut self, come: usize, of_them_look: usize) -> usize {
        if self.looks.is_multiple_of(SECOND) {
            self.at_the_edge = self.server.overload.lottery.newest();
        }
        self.looks += 1;
        let mut lots: Vec<u32> = (0..come).map(|_| self.server.random()).collect();
        let at_the_edge = self.at_the_edge;
        let mut place = 0;
        lots.retain(|lot| {
            place += 1;
            place > of_them_look || at_the_edge.is_none_or(|round| round.lets_in(*lot))
        });
        let held_back = come - lots.len();
        self.server.step_by_lots(lots.into_iter());
        held_back
    }

    fn served(&self) -> u32 {
        self.server.served[0]
    }
}

#[test]
fn where_pages_ask_the_edge_first_nearly_all_that_can_be_done_is_done_at_twenty_times_as_much() {
    for times in [2, 5, 10, 20, 50] {
        let mut crowd = Crowd::new();
        (0..6 * SECOND).for_each(|_| _ = crowd.step(10 * times, 10 * times));
        let before = crowd.served();
        let held_back: usize = (0..10 * SECOND).map(|_| crowd.step(10 * times, 10 * times)).sum();
        let served = f64::from(crowd.served() - before) / (10 * SECOND) as f64;
        assert!(served > 9.5, "{times} times: {served} of 10");
        let came_all_the_same = (10 * SECOND * 10 * times - held_back) as f64 / (10 * SECOND) as f64;
        assert!(came_all_the_same < 20.0, "{times} times: {came_all_the_same}");
    }
}

#[test]
fn the_more_pages_ask_the_edge_first_the_more_is_served() {
    let served = [0, 50, 100].map(|look_of_a_hundred| {
        let mut crowd = Crowd::new();
        (0..10 * SECOND).for_each(|_| _ = crowd.step(200, 2 * look_of_a_hundred));
        crowd.served()
    });
    assert!(served.is_sorted(), "{served:?}");
}

#[test]
fn who_asks_all_the_time_is_drawn_no_oftener_than_who_asks_when_told() {
    // Of two kinds as many wait at any time: those with even lots ask once a second, the others ten times, but only while the edge says
    // that they are drawn. For each who is let in another comes. They wait for some twenty rounds, so that one draw more is little.
    const WAITING: usize = 20_000;
    let mut crowd = Crowd::new();
    let mut waiting: Vec<u32> = (0..2 * WAITING as u32).collect();
    let mut let_in = [0, 0];
    for look in 0..60 * SECOND {
        if look.is_multiple_of(SECOND) {
            crowd.at_the_edge = crowd.server.overload.lottery.newest();
        }
        let at_the_edge = crowd.at_the_edge;
        let of_kind = |kind, every| (look % every..WAITING).step_by(every).map(move |place| 2 * place + kind);
        let told =
            of_kind(1, SECOND / 10).filter(|place| at_the_edge.is_none_or(|round| round.lets_in(waiting[*place])));
        crowd.server.step_by_lots(of_kind(0, SECOND).chain(told).map(|place| waiting[place]));
        for lot in crowd.server.let_in.drain(..) {
            let_in[lot as usize % 2] += 1;
            waiting[lot as usize % (2 * WAITING)] = lot + 2 * WAITING as u32;
        }
    }
    let [asking, told] = let_in;
    assert!(
        told > 30_000 && f64::from(told) > 0.8 * f64::from(asking),
        "{asking} who ask all the time, {told} who are told"
    );
}

#[test]
fn nobody_is_held_back_while_all_can_begin_and_within_a_fifth_of_a_second_after_the_crowd_has_gone() {
    let mut crowd = Crowd::new();
    let held_back: usize = (0..10 * SECOND).map(|_| crowd.step(9, 9)).sum();
    assert!(held_back == 0 && !crowd.server.overload.lottery.is_on());
    (0..5 * SECOND).for_each(|_| _ = crowd.step(200, 200));
    assert!(crowd.server.overload.lottery.is_on());
    (0..SECOND / 5).for_each(|_| _ = crowd.step(3, 0));
    assert!(!crowd.server.overload.lottery.is_on(), "{:?}", crowd.server.overload.lottery.newest());
}

#[test]
fn a_lot_that_was_drawn_is_good_for_one_more_round_and_nobody_is_drawn_without_one() {
    let mut crowd = Crowd::new();
    while !crowd.server.overload.lottery.is_on() {
        crowd.step(200, 0);
    }
    let lottery = |crowd: &Crowd| crowd.server.overload.lottery.rounds.load().as_ref().clone();
    let first = lottery(&crowd)[0];
    let lot = (0..).find(|lot| first.lets_in(*lot)).unwrap();
    let mut rounds = 1;
    loop {
        let newest = lottery(&crowd)[0];
        (0..SECOND + 1).for_each(|_| _ = crowd.step(200, 0));
        assert_ne!(lottery(&crowd)[0], newest);
        rounds += 1;
        let is_good = lottery(&crowd).contains(&first);
        assert_eq!(is_good, rounds <= KEPT_ROUNDS, "after {rounds} rounds");
        let overload = &crowd.server.overload;
        assert!(
            overload.lottery.drawn(None, 0).is_none() && (!is_good || overload.lottery.drawn(Some(lot), 0).is_some())
        );
        if !is_good {
            return;
        }
    }
}
