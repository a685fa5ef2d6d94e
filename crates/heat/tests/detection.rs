//! What the detector promises, over seeded crowds. `make heat` prints the figures of many more.

#[path = "traces/crowd.rs"]
mod crowd;

use std::time::Duration;

use crowd::{Crowd, WANTED, Zipf};
use heat::{Change, Detector, HALF_SHARE, Key, MIN_HOT_TIME, TICK, TRACKED_ITEMS};

#[test]
fn an_item_that_rises_from_under_one_percent_to_a_fifth_is_found_within_20_ms() {
    let background = Zipf::new(10_000, 1.0);
    for per_second in [20_000.0, 100_000.0] {
        let mut times: Vec<Duration> = (0..300)
            .map(|seed| Crowd::new(&background, per_second, seed).time_to_find(0.009, 0.2).expect("it is found"))
            .collect();
        times.sort_unstable();
        let p99 = times[times.len() * 99 / 100];
        assert!(p99 <= Duration::from_millis(20), "{p99:?} at {per_second}/s");
    }
}

#[test]
fn of_items_under_half_of_the_threshold_less_than_one_in_a_thousand_is_called_hot() {
    let background = Zipf::new(10_000, 1.0);
    let (mut called, mut looked_at) = (0, 0);
    for seed in 0..20 {
        let mut crowd = Crowd::new(&background, 50_000.0, seed);
        let mut hot: Vec<Key> = Vec::new();
        while crowd.now() < Duration::from_secs(1) {
            for change in crowd.tick(0.0, Duration::ZERO, 0.0) {
                if let Change::Found(key) = change {
                    hot.push(key);
                }
            }
        }
        // Only those that came up often enough to be looked at: the long tail would flatter the figure.
        let under = |key: Key| background.share(key) < HALF_SHARE;
        looked_at += (0..TRACKED_ITEMS as u64).filter(|&rank| under(Key(rank))).count();
        called += hot.into_iter().filter(|&key| under(key)).count();
    }
    assert!(called * 1_000 < looked_at, "{called} of {looked_at}");
}

#[test]
fn what_is_hot_stays_so_until_the_crowd_has_gone_and_cools_once() {
    let background = Zipf::new(10_000, 0.8);
    let mut crowd = Crowd::new(&background, 20_000.0, 7);
    let leaves = Duration::from_secs(4);
    let mut changes = Vec::new();
    while crowd.now() < Duration::from_secs(8) {
        let now = crowd.now();
        changes.extend(crowd.tick(0.15, leaves, 0.01).into_iter().map(|change| (now, change)));
    }
    let ours: Vec<_> = changes
        .into_iter()
        .filter(|(_, change)| matches!(change, Change::Found(WANTED) | Change::Cooled(WANTED)))
        .collect();
    assert_eq!(
        ours.iter().map(|(_, change)| *change).collect::<Vec<_>>(),
        [Change::Found(WANTED), Change::Cooled(WANTED)]
    );
    assert!(ours[1].0 >= leaves, "not before the crowd has gone: {ours:?}");
    let reading = crowd.detector.reading(WANTED).unwrap();
    assert!((0.005..0.02).contains(&reading.share) && reading.hot_since.is_none(), "{reading:?}");
}

#[test]
fn a_crowd_that_vanishes_altogether_leaves_nothing_hot() {
    let mut detector = Detector::default();
    let crowd = vec![Key(1); 100];
    assert_eq!(detector.tick(TICK, &crowd), [Change::Found(Key(1))]);
    assert_eq!(detector.tick(TICK * 2, &crowd), []);
    let mut now = TICK * 2;
    let mut changes = Vec::new();
    while now < MIN_HOT_TIME * 2 {
        now += TICK;
        changes.extend(detector.tick(now, &[]));
    }
    assert_eq!(changes, [Change::Cooled(Key(1))]);
}

#[test]
fn one_visitor_who_reloads_a_page_is_no_crowd() {
    let mut detector = Detector::default();
    for tick in 1..=5_000_u32 {
        // Fifty times a second, and nobody else is there.
        let samples = if tick % 10 == 0 { &[Key(1)][..] } else { &[] };
        assert_eq!(detector.tick(TICK * tick, samples), []);
    }
    let reading = detector.reading(Key(1)).unwrap();
    assert!(reading.share > 0.99 && (40.0..60.0).contains(&reading.per_second), "{reading:?}");
}

#[test]
fn whatever_keys_come_memory_is_bounded_and_the_crowd_is_found_among_them() {
    let mut detector = Detector::default();
    let (mut noise, mut found) = (0, Vec::new());
    for tick in 1..=500_u32 {
        // 50,000 a second of keys that never come again, and one in eight for the same item.
        let samples: Vec<Key> = (0..100)
            .map(|number| {
                noise += 1;
                if number % 8 == 0 { Key(0) } else { Key(noise) }
            })
            .collect();
        found.extend(detector.tick(TICK * tick, &samples));
    }
    assert_eq!(found, [Change::Found(Key(0))]);
    assert_eq!(detector.readings().count(), TRACKED_ITEMS);
}

#[test]
fn several_items_can_be_hot_at_once() {
    let mut detector = Detector::default();
    let mut found = Vec::new();
    for tick in 1..=100_u32 {
        let samples: Vec<Key> = (0..100).map(|number| Key(number % 5)).collect();
        found.extend(detector.tick(TICK * tick, &samples));
    }
    found.sort_by_key(|change| match change {
        Change::Found(key) | Change::Cooled(key) => *key,
    });
    assert_eq!(found, (0..5).map(|number| Change::Found(Key(number))).collect::<Vec<_>>());
}
