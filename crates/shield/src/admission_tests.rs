use super::*;
use crate::simulated::{Simulated, seen, way};

/// Looks of 5 ms in a second.
const SECOND: usize = 200;

/// An edge of ours asks the shop so often.
const EDGE_LOOKS: usize = 10;

/// A crowd whose pages ask an edge, which asks the shop once a second, or as often as is said.
struct Crowd {
    server: Simulated,
    looks: usize,
    edge_looks: usize,
    at_the_edge: Option<Admission>,
}

impl Crowd {
    fn new() -> Self {
        Self { server: Simulated::new(10.0 * way()), looks: 0, edge_looks: SECOND, at_the_edge: None }
    }

    /// The time of one look, in which so many come, each for once: of those who look at the edge first, only who is drawn. How many of
    /// them were held back there.
    fn step(&mut self, come: usize, of_them_look: usize) -> usize {
        if self.looks.is_multiple_of(self.edge_looks) {
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
fn where_all_ask_without_looking_work_waits_no_longer_for_those_who_are_not_drawn() {
    for times in [10, 20] {
        let mut crowd = Crowd::new();
        (0..6 * SECOND).for_each(|_| _ = crowd.step(10 * times, 0));
        let mut waits: Vec<f64> =
            (0..10 * SECOND).map(|_| (crowd.step(10 * times, 0), crowd.server.watch.delay_us).1).collect();
        waits.sort_unstable_by(f64::total_cmp);
        assert!(waits[5 * SECOND] < 25_000.0, "{times} times: {} µs in the middle", waits[5 * SECOND]);
    }
}

#[test]
fn an_edge_that_knows_at_once_keeps_the_first_seconds_from_being_lost() {
    let [soon, late] = [EDGE_LOOKS, SECOND].map(|edge_looks| {
        let mut crowd = Crowd { edge_looks, ..Crowd::new() };
        (0..3 * SECOND).for_each(|_| _ = crowd.step(200, 200));
        f64::from(crowd.served()) / (10 * 3 * SECOND) as f64
    });
    assert!(soon > 0.9 && soon > late + 0.05, "{soon} and {late} of what can be done");
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
fn a_program_that_asks_ten_times_a_second_is_let_in_little_oftener_than_a_page_that_looks_at_an_edge() {
    // Ten a second is as often as a shopper may. Everybody has a place, and whoever is let in leaves it to another with another lot.
    const PLACES: u32 = 20_000;
    const PROGRAMS: u32 = 500;
    let mut crowd = Crowd { edge_looks: EDGE_LOOKS, ..Crowd::new() };
    let mut lots: Vec<u32> = (0..PLACES).collect();
    let mut let_in = [0_u32; 2];
    for look in 0..40 * SECOND {
        if look.is_multiple_of(EDGE_LOOKS) {
            crowd.at_the_edge = crowd.server.overload.lottery.newest();
        }
        let at_the_edge = crowd.at_the_edge;
        let (programs, pages) = lots.split_at(PROGRAMS as usize);
        let asking = programs.iter().skip(look % (SECOND / 10)).step_by(SECOND / 10);
        let told = pages.iter().skip(look % SECOND).step_by(SECOND);
        let told = told.filter(|lot| at_the_edge.is_none_or(|round| round.lets_in(**lot)));
        let come: Vec<u32> = asking.chain(told).copied().collect();
        crowd.server.step_by_lots(come.into_iter());
        for lot in crowd.server.let_in.drain(..) {
            let place = lot % PLACES;
            // Who was let in may have asked twice meanwhile.
            if lots[place as usize] == lot {
                lots[place as usize] = lot + PLACES;
                let_in[usize::from(place >= PROGRAMS)] += 1;
            }
        }
    }
    let program = f64::from(let_in[0]) / f64::from(PROGRAMS);
    let page = f64::from(let_in[1]) / f64::from(PLACES - PROGRAMS);
    assert!(page > 3.0 && program < 1.4 * page, "{program} times a program, {page} times a page");
}

#[test]
fn who_was_drawn_and_is_refused_is_refused_for_the_rest_of_the_round() {
    let (overload, mut watch) = (Overload::default(), Watch::new(1.0));
    let told = Admission { seed: 1, per_million: MILLION };
    overload.lottery.rounds.store(Arc::new(vec![Round::new(told)]));
    // A flood of which nearly all are refused, and then nobody is.
    for _ in 0..20 {
        (0..2_000).for_each(|lot| _ = overload.admits(Class::Crowd, lot));
        watch.look(&overload, seen(100_000));
    }
    let refused: Vec<u32> = (0..500).filter(|lot| overload.admits_by_lot(Some(*lot), 0) == ByLot::Refused).collect();
    assert!(refused.len() > 250, "{}", refused.len());
    for _ in 0..2_000 {
        watch.look(&overload, seen(0));
    }
    assert!(!overload.is_shedding());
    assert!(refused.iter().all(|lot| overload.admits_by_lot(Some(*lot), 0) == ByLot::NotDrawn));
    assert_eq!(overload.admits_by_lot(Some(1_000), 0), ByLot::Begins);
    overload.lottery.rounds.store(Arc::new(vec![Round::new(Admission { seed: 2, ..told })]));
    assert_eq!(overload.admits_by_lot(refused.first().copied(), 0), ByLot::Begins);
}

#[test]
fn nobody_is_held_back_while_all_can_begin_and_within_a_fifth_of_a_second_after_the_crowd_has_gone() {
    let mut crowd = Crowd::new();
    let held_back: usize = (0..10 * SECOND).map(|_| crowd.step(9, 9)).sum();
    assert!(held_back == 0 && !crowd.server.overload.lottery.is_on());
    // Whether those who come look at an edge, then and after it: all, none, or some.
    for (crowd_looks, look_after) in [(200, 0), (0, 0), (100, 2), (200, 5)] {
        for start in 0..8 {
            let mut crowd = Crowd::new();
            crowd.edge_looks = EDGE_LOOKS;
            (0..5 * SECOND + start * SECOND / 8).for_each(|_| _ = crowd.step(200, crowd_looks));
            assert!(crowd.server.overload.lottery.is_on());
            (0..SECOND / 5).for_each(|_| _ = crowd.step(5, look_after));
            let newest = crowd.server.overload.lottery.newest();
            assert!(newest.is_none(), "of 200 {crowd_looks} looked, and {look_after} of 5: {newest:?}");
        }
    }
}

#[test]
fn where_refusals_took_more_than_they_are_taken_for_it_is_known_as_soon_that_the_crowd_has_gone() {
    for crowd_looks in [0, 200] {
        for after in [2, 5, 8] {
            let mut crowd = Crowd { edge_looks: EDGE_LOOKS, ..Crowd::new() };
            crowd.server.refusals = 2.0;
            (0..8 * SECOND).for_each(|_| _ = crowd.step(200, crowd_looks));
            assert!(crowd.server.overload.lottery.is_on());
            (0..SECOND / 5).for_each(|_| _ = crowd.step(after, 0));
            let newest = crowd.server.overload.lottery.newest();
            assert!(newest.is_none(), "of 200 {crowd_looks} looked, and then {after} came: {newest:?}");
        }
    }
}

#[test]
fn it_is_known_within_sixty_milliseconds_in_nine_of_ten_that_a_great_crowd_has_gone() {
    // Whether its pages look at an edge or not, and wherever within a round it goes.
    for crowd_looks in [0, 200] {
        let mut after_looks: Vec<usize> = (0..40)
            .map(|start| {
                let mut crowd = Crowd { edge_looks: EDGE_LOOKS, ..Crowd::new() };
                crowd.server.refusals = 2.0;
                (0..6 * SECOND + start * SECOND / 40).for_each(|_| _ = crowd.step(200, crowd_looks));
                assert!(crowd.server.overload.lottery.is_on());
                let goes_on = |crowd: &mut Crowd| {
                    crowd.step(5, crowd_looks / 40);
                    crowd.server.overload.lottery.is_on()
                };
                (1..=SECOND).find(|_| !goes_on(&mut crowd)).unwrap()
            })
            .collect();
        after_looks.sort_unstable();
        assert!(after_looks[36] <= 12, "of 200 {crowd_looks} looked: {after_looks:?}");
    }
}

#[test]
fn no_round_begins_while_it_seems_that_a_great_crowd_has_gone() {
    for crowd_looks in [0, 200] {
        for looks_left in [4.0, 5.0] {
            let mut crowd = Crowd { edge_looks: EDGE_LOOKS, ..Crowd::new() };
            (0..6 * SECOND).for_each(|_| _ = crowd.step(200, crowd_looks));
            while crowd.server.rounds.round.lasted_ms < ROUND_MS - looks_left * LOOK_EVERY_MS as f64 {
                crowd.step(200, crowd_looks);
            }
            let last = crowd.server.overload.lottery.newest().unwrap();
            let after: Vec<_> = (0..12)
                .map(|_| {
                    crowd.step(1, crowd_looks / 200);
                    crowd.server.overload.lottery.newest()
                })
                .collect();
            assert!(after.iter().flatten().all(|newest| *newest == last), "of 200 {crowd_looks} looked: {after:?}");
            assert_eq!(after.last(), Some(&None), "of 200 {crowd_looks} looked");
        }
    }
}

#[test]
fn who_is_refused_for_another_reason_does_not_keep_the_lots_when_the_crowd_has_gone() {
    let mut crowd = Crowd::new();
    (0..5 * SECOND).for_each(|_| _ = crowd.step(200, 200));
    assert!(crowd.server.overload.lottery.is_on());
    for _ in 0..SECOND / 5 {
        // A line is too long, or nobody is signed in.
        (0..50).for_each(|_| crowd.server.overload.refused_beside());
        let _refused_while_there_are_lots = crowd.server.overload.admits_by_lot(None, 0);
        crowd.step(3, 3);
    }
    assert!(!crowd.server.overload.lottery.is_on());
}

#[test]
fn while_the_crowd_is_there_lots_are_drawn() {
    for times in [3, 10, 30] {
        for looks in [0, 5, 10] {
            let mut crowd = Crowd::new();
            (0..3 * SECOND).for_each(|_| _ = crowd.step(10 * times, times * looks));
            for _ in 0..10 * SECOND {
                crowd.step(10 * times, times * looks);
                assert!(crowd.server.overload.lottery.is_on(), "{times} times, of 10 look {looks}");
            }
        }
    }
}

#[test]
fn while_the_crowd_is_there_lots_go_on_where_it_is_hardly_too_great_and_where_the_machine_was_slow() {
    let ends = |crowd: &mut Crowd, come: usize, looks: usize, of_ten_look: usize| {
        let mut ends = 0;
        for _ in 0..looks {
            let was_on = crowd.server.overload.lottery.is_on();
            crowd.step(come, come * of_ten_look / 10);
            ends += usize::from(was_on && !crowd.server.overload.lottery.is_on());
        }
        ends
    };
    for come in [16, 18, 22, 50, 80, 200] {
        for (edge_looks, of_ten_look) in [(SECOND, 10), (EDGE_LOOKS, 10), (SECOND, 0)] {
            for slow_looks in [SECOND / 2, SECOND, 2 * SECOND, 3 * SECOND] {
                let mut crowd = Crowd { edge_looks, ..Crowd::new() };
                crowd.server.refusals = 2.0;
                let at_first = ends(&mut crowd, come, 6 * SECOND, of_ten_look);
                crowd.server.capacity = way();
                (0..slow_looks).for_each(|_| _ = crowd.step(come, come * of_ten_look / 10));
                crowd.server.capacity = 10.0 * way();
                let after = ends(&mut crowd, come, 4 * SECOND, of_ten_look);
                let what =
                    format!("{come} come, of ten look {of_ten_look}, at every {edge_looks}, slow for {slow_looks}");
                // Where some twice as many come as can begin they are hardly needed but while the machine is slow.
                assert!(at_first == 0 && after <= usize::from(come < 50), "{what}: {at_first} and {after} ends");
            }
        }
    }
}

#[test]
fn as_many_are_drawn_in_one_round_as_in_the_next_however_late_the_edges_know() {
    for (times, edge_looks, of_ten_look) in [
        (20, EDGE_LOOKS, 10),
        (20, SECOND, 10),
        (20, SECOND, 0),
        (20, EDGE_LOOKS, 5),
        (5, EDGE_LOOKS, 10),
        (3, SECOND, 10),
        (3, EDGE_LOOKS, 10),
        (3, SECOND, 0),
    ] {
        let mut crowd = Crowd::new();
        crowd.edge_looks = edge_looks;
        let mut drawn = Vec::new();
        for look in 0..24 * SECOND {
            // For a second the machine is slow.
            let is_slow = (8 * SECOND..9 * SECOND).contains(&look);
            crowd.server.capacity = if is_slow { 3.0 } else { 10.0 } * way();
            crowd.step(10 * times, times * of_ten_look);
            let newest = crowd.server.overload.lottery.newest();
            if let Some(round) = newest
                && drawn.last() != Some(&round.per_million)
            {
                drawn.push(round.per_million);
            }
        }
        let [least, most] = [Iterator::min, Iterator::max].map(|end| end(drawn[14..].iter().copied()).unwrap());
        assert!(most * 2 < least * 3, "{times} times, every {edge_looks} looks, of ten look {of_ten_look}: {drawn:?}");
    }
}

#[test]
fn a_machine_that_stands_still_for_a_moment_does_not_take_the_crowd_for_gone() {
    let mut crowd = Crowd::new();
    (0..3 * SECOND).for_each(|_| _ = crowd.step(200, 0));
    for stood_still_ms in [50.0, 200.0, 900.0] {
        crowd.step(200, 0);
        let server = &mut crowd.server;
        server.rounds.look(&server.overload, &server.watch, 0.1, stood_still_ms, || 1);
        assert!(server.overload.lottery.is_on(), "{stood_still_ms} ms");
    }
}

#[test]
fn a_lot_that_was_drawn_is_good_for_one_more_round_and_nobody_is_drawn_without_one() {
    let mut crowd = Crowd::new();
    while !crowd.server.overload.lottery.is_on() {
        crowd.step(200, 0);
    }
    let lottery = |crowd: &Crowd| crowd.server.overload.lottery.rounds.load().as_ref().clone();
    let first = lottery(&crowd)[0].told;
    let lot = (0..).find(|lot| first.lets_in(*lot)).unwrap();
    let mut rounds = 1;
    loop {
        let newest = lottery(&crowd)[0].told;
        (0..SECOND + 1).for_each(|_| _ = crowd.step(200, 0));
        assert_ne!(lottery(&crowd)[0].told, newest);
        rounds += 1;
        let is_good = lottery(&crowd).iter().any(|round| round.told == first);
        assert_eq!(is_good, rounds <= KEPT_ROUNDS, "after {rounds} rounds");
        let overload = &crowd.server.overload;
        assert_eq!(overload.admits_by_lot(None, 0), ByLot::NotDrawn);
        assert!(!is_good || overload.admits_by_lot(Some(lot), 0) != ByLot::NotDrawn);
        if !is_good {
            return;
        }
    }
}
