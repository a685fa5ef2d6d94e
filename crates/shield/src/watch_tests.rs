use super::*;
use crate::overload::MOST_DELAY_US;
use crate::simulated::{REFUSALS, Simulated, seen, way};

#[test]
fn at_many_times_the_capacity_as_many_are_served_as_refusing_leaves_time_for() {
    for (times, share) in [(2, 0.9), (5, 0.9), (10, 0.85), (20, 0.75)] {
        // As many shoppers as it can serve in a look's time.
        let most = 10.0;
        let mut server = Simulated::new(most * way());
        server.steps(400, 10 * times);
        let (mut served, mut waits) = (0.0, Vec::new());
        for _ in 0..2_000 {
            served += server.step(10 * times) / 2_000.0;
            waits.push(server.watch.delay_us);
        }
        waits.sort_unstable_by(f64::total_cmp);
        // The way of each who is served, and a refusal for each who is not.
        let possible = (server.capacity - f64::from(10 * times) / REFUSALS) / (way() - 1.0 / REFUSALS);
        assert!(served > share * possible, "{times}: {served} of {possible}");
        let (middle, most) = (waits[1_000], waits[1_950]);
        assert!(middle < 20_000.0 && most < 60_000.0, "{times}: {middle} µs in the middle, {most} at the worst");
    }
}

#[test]
fn of_a_crowd_that_comes_at_once_few_are_let_in_before_it_is_seen_the_first_as_the_second() {
    for times in [5_u32, 20] {
        let mut server = Simulated::new(10.0 * way());
        for crowd in ["the first", "the second"] {
            server.steps(6_000, 2);
            let begun = |server: &Simulated| {
                let (came, refused) = server.overload.counts(Class::Quiz);
                came - refused
            };
            let before = begun(&server);
            let most_waited = (0..100).map(|_| (server.step(10 * times), server.watch.delay_us).1).fold(0.0, f64::max);
            let begun = begun(&server) - before;
            // Ten a look is what it can do.
            assert!(begun < 100 * 10 + 200, "{crowd}, {times} times: {begun} in half a second");
            assert!(most_waited < 90_000.0, "{crowd}, {times} times: {most_waited}");
        }
    }
}

#[test]
fn within_a_tenth_of_a_second_after_the_crowd_has_gone_everybody_is_let_in() {
    let mut server = Simulated::new(10.0 * way());
    server.steps(1_000, 100);
    assert!(server.overload.share_of(Class::Quiz) < 0.2);
    server.steps(20, 4);
    assert!(server.overload.share_of(Class::Quiz) > 0.99, "{:?}", server.watch);
}

#[test]
fn at_the_capacity_nobody_is_refused_while_nothing_waits() {
    let mut server = Simulated::new(10.0 * way());
    server.steps(1_000, 10);
    let (_, refused) = server.overload.counts(Class::Quiz);
    assert_eq!(refused, 0, "{:?}", server.watch);
}

#[test]
fn what_was_learnt_at_a_bad_moment_is_forgotten_as_soon_as_there_is_time_to_spare() {
    let mut server = Simulated::new(2.0 * way());
    server.steps(1_000, 40);
    // The machine has five times the room now.
    server.capacity = 10.0 * way();
    server.steps(200, 6);
    let before = server.overload.counts(Class::Quiz).1;
    server.steps(200, 6);
    assert_eq!(server.overload.counts(Class::Quiz).1, before, "{:?}", server.watch);
}

#[test]
fn the_least_important_are_refused_first_and_payments_never() {
    let overload = Overload::default();
    let mut watch = Watch::new(1.0);
    for look in 1..=2_000_u32 {
        for request in 0..200_u32 {
            let class = Class::ALL[request as usize % Class::ALL.len()];
            overload.admits(class, request.wrapping_mul(0x9E37_79B9).rotate_left(look));
        }
        watch.look(&overload, seen(40_000));
    }
    let share = |class: Class| overload.share_of(class);
    assert_eq!([share(Class::Read), share(Class::Pay)], [0.0, 1.0]);
    // As many begin elsewhere as in the crowd: then they are alike.
    assert!(share(Class::Crowd) == share(Class::Quiz) && share(Class::Quiz) < 0.5, "{watch:?}");
    assert!(share(Class::Order) > share(Class::Quiz) && share(Class::Poll) >= share(Class::Order), "{watch:?}");
    let (came, refused) = overload.counts(Class::Pay);
    assert!(came > 0 && refused == 0);
}

#[test]
fn whoever_is_further_on_is_not_refused_for_a_burst_of_what_a_slow_disk_decides_at_once() {
    let mut server = Simulated::new(20.0 * way());
    server.decided_every = 80;
    let most_waited = (0..1_000).map(|_| (server.step(8), server.watch.delay_us).1).fold(0.0, f64::max);
    assert!(most_waited > f64::from(MOST_DELAY_US), "{most_waited}");
    let refused = |class| server.overload.counts(class).1;
    assert_eq!([Class::Order, Class::Poll].map(refused), [0, 0], "{:?}", server.watch);
}

#[test]
fn where_those_who_are_further_on_are_too_many_alone_some_of_them_are_refused_and_the_others_served() {
    for (times, share) in [(2, 0.9), (5, 0.8), (20, 0.4)] {
        let mut server = Simulated::new(10.0 * way());
        (0..2_000).for_each(|_| server.step_with_passes(10 * times));
        let served = f64::from(server.served.iter().sum::<u32>()) / 2_000.0;
        assert!(served > share * 10.0, "{times} times: {served} a look");
    }
}

#[test]
fn a_crowd_at_one_item_is_refused_before_anybody_at_another_and_has_what_they_leave() {
    let mut server = Simulated::new(10.0 * way());
    (0..1_000).for_each(|_| server.step_with(2, 98));
    let before = (server.served, server.overload.counts(Class::Quiz));
    (0..2_000).for_each(|_| server.step_with(2, 98));
    let [crowd, others] = [0, 1].map(|kind| server.served[kind] - before.0[kind]);
    // Two a look came elsewhere, and there was room for somewhat less than ten.
    assert!(others > 3_800, "{others} and {crowd}");
    assert!(crowd > 3_000, "{others} and {crowd}");
    let (came, refused) = server.overload.counts(Class::Quiz);
    assert!((refused - before.1.1) * 50 < came - before.1.0, "{refused} of {came}");
}

#[test]
fn whoever_comes_elsewhere_in_whatever_numbers_the_crowd_keeps_its_part_of_those_who_can_begin() {
    for elsewhere in [4, 6, 12, 100] {
        let mut server = Simulated::new(10.0 * way());
        (0..1_000).for_each(|_| server.step_with(elsewhere, 100));
        let before = server.served;
        (0..2_000).for_each(|_| server.step_with(elsewhere, 100));
        let [crowd, others] = [0, 1].map(|kind| f64::from(server.served[kind] - before[kind]));
        let least = if elsewhere < 50 { 0.4 } else { 0.3 };
        assert!(crowd > least * (crowd + others), "{elsewhere}: {crowd} and {others}");
    }
}

#[test]
fn few_requests_are_never_refused_and_neither_is_anything_for_one_long_delay() {
    let mut server = Simulated::new(1.0);
    server.steps(1_000, 2);
    assert!(server.waiting.len() > 1_000 && !server.overload.is_shedding());
    let (overload, mut watch) = (Overload::default(), Watch::new(1.0));
    for look in 0..1_000 {
        (0..100).for_each(|_| assert!(overload.admits(Class::Read, 0)));
        let delay_us = if look % 100 == 0 { 90_000 } else { 0 };
        watch.look(&overload, seen(delay_us));
    }
}

#[test]
fn a_few_dozen_at_one_instant_are_not_refused_however_slow_the_machine_is() {
    let (overload, mut watch) = (Overload::default(), Watch::new(1.0));
    for look in 0..400 {
        let come = if look % 50 == 0 { 100 } else { 1 };
        (0..come).for_each(|request| assert!(overload.admits(Class::Quiz, request * 77), "look {look}"));
        watch.look(&overload, seen(200_000));
    }
}

#[test]
fn once_it_is_calm_nothing_is_refused_any_more() {
    let mut server = Simulated::new(10.0 * way());
    server.steps(400, 200);
    assert!(server.overload.is_shedding());
    server.steps(400, 4);
    assert!(!server.overload.is_shedding(), "{:?}", server.watch);
}
