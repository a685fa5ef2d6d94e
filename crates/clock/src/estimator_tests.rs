use super::*;

const EPOCH_US: f64 = 1.8e15;

/// An exchange that starts at local `at_us`, with the true offset and the delay of each way.
fn over(at_us: f64, offset_us: f64, out_us: f64, back_us: f64) -> Exchange {
    Exchange {
        sent_us: at_us,
        server_received_us: (at_us + out_us + offset_us).floor() as i64,
        server_sent_us: (at_us + out_us + offset_us).floor() as i64,
        received_us: at_us + out_us + back_us + 2.0,
    }
}

#[test]
fn says_nothing_before_the_first_exchange() {
    assert_eq!(Estimator::new().estimate(0.0), None);
}

#[test]
fn an_even_network_gives_the_true_offset() {
    let mut estimator = Estimator::new();
    estimator.exchange(over(1_000.0, EPOCH_US, 20_000.0, 20_000.0), "a");
    let estimate = estimator.estimate(41_000.0).unwrap();
    assert!((estimate.offset_us - EPOCH_US).abs() < 10.0, "{estimate:?}");
    assert!((estimate.bound_us - 20_000.0).abs() < 120.0, "{estimate:?}");
}

#[test]
fn the_shortest_round_trip_sets_the_bound() {
    let mut estimator = Estimator::new();
    for (at_us, delay_us) in [(0.0, 90_000.0), (1e6, 5_000.0), (2e6, 200_000.0)] {
        estimator.exchange(over(at_us, EPOCH_US, delay_us, delay_us), "a");
    }
    assert!(estimator.estimate(2e6).unwrap().bound_us < 5_400.0);
}

#[test]
fn each_way_counts_by_its_own_quickest_trip() {
    let mut estimator = Estimator::new();
    for (at_us, out_us, back_us) in [(0.0, 10_000.0, 50_000.0), (1e6, 50_000.0, 10_000.0)] {
        estimator.exchange(over(at_us, EPOCH_US, out_us, back_us), "a");
    }
    let estimate = estimator.estimate(1e6).unwrap();
    assert!((estimate.offset_us - EPOCH_US).abs() < 100.0, "{estimate:?}");
    assert!(estimate.bound_us < 10_500.0, "{estimate:?}");
}

#[test]
fn a_good_exchange_of_minutes_ago_still_leads_the_estimate_though_the_bound_grows() {
    let mut estimator = Estimator::new();
    estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
    estimator.exchange(over(120e6, EPOCH_US, 90_000.0, 10_000.0), "a");
    let estimate = estimator.estimate(120e6).unwrap();
    assert!((estimate.offset_us - EPOCH_US).abs() < 1_000.0, "{estimate:?}");
    assert!(estimate.bound_us > 10_000.0, "{estimate:?}");
}

#[test]
fn another_clock_starts_anew() {
    let mut estimator = Estimator::new();
    estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
    estimator.exchange(over(1e6, EPOCH_US + 4e6, 5_000.0, 5_000.0), "b");
    assert!((estimator.estimate(1e6).unwrap().offset_us - EPOCH_US - 4e6).abs() < 200.0);
    assert_eq!(estimator.exchanges(), 1);
}

#[test]
fn servers_that_answer_by_turns_each_keep_what_they_proved() {
    let mut estimator = Estimator::new();
    estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
    estimator.exchange(over(1e6, EPOCH_US + 3e3, 80_000.0, 80_000.0), "b");
    estimator.exchange(over(2e6, EPOCH_US, 80_000.0, 80_000.0), "a");
    assert_eq!(estimator.exchanges(), 2);
    assert!(estimator.estimate(2e6).unwrap().bound_us < 5_600.0);
}

#[test]
fn a_contradiction_drops_what_was_proved_before() {
    let mut estimator = Estimator::new();
    estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
    estimator.exchange(over(1e6, EPOCH_US + 9e6, 5_000.0, 5_000.0), "a");
    assert!((estimator.estimate(1e6).unwrap().offset_us - EPOCH_US - 9e6).abs() < 200.0);
}

#[test]
fn a_browser_that_rounds_its_clock_gets_a_wider_bound() {
    let bound_us = |sent_us: f64, received_us: f64| {
        let mut estimator = Estimator::new();
        let exchange = Exchange { sent_us, server_received_us: 9_000, server_sent_us: 9_000, received_us };
        assert!(estimator.exchange(exchange, "a"));
        estimator.estimate(sent_us).unwrap().bound_us
    };
    assert!((1_100.0..1_110.0).contains(&bound_us(5_000.1, 7_000.1)));
    assert!((2_000.0..2_010.0).contains(&bound_us(5_000.0, 7_000.0)));
    assert!(bound_us(100_000.0, 100_000.0) >= 100_000.0);
}

#[test]
fn a_round_trip_during_which_the_page_was_stopped_is_refused() {
    assert!(!Estimator::new().exchange(over(0.0, EPOCH_US, 5_000.0, 3.1e6), "a"));
}

#[test]
fn an_impossible_round_trip_is_refused() {
    let mut estimator = Estimator::new();
    let mut exchange = over(5_000.0, EPOCH_US, 1_000.0, 1_000.0);
    exchange.received_us = 4_000.0;
    assert!(!estimator.exchange(exchange, "a"));
    assert_eq!(estimator.estimate(0.0), None);
}
