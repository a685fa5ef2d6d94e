//! What each thread was asked for, on its way to the one who counts.
//!
//! A lane is a ring with one writer and one reader (Lamport, "Specifying Concurrent Program Modules", ACM TOPLAS 5(2),
//! 1983): the writer alone moves the head, the reader alone the tail, so that neither ever waits for the other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Key;

/// Samples that a lane holds: 40 ms of 100,000 requests a second on one thread.
pub const LANE_SAMPLES: usize = 4_096;

/// Threads that may write at a time. Further ones are not counted until one of these has ended.
pub const MAX_LANES: usize = 64;

/// A cache line of its own, and that of the prefetcher beside it.
#[repr(align(128))]
struct Apart<T>(T);

struct Ring {
    slots: Box<[AtomicU64]>,
    /// Samples written so far; only the writer changes it.
    head: Apart<AtomicU64>,
    /// Samples read so far; only the reader changes it.
    tail: Apart<AtomicU64>,
    /// Samples that found the ring full; only the writer changes it.
    lost: AtomicU64,
    taken: AtomicBool,
}

impl Ring {
    fn new() -> Self {
        Self {
            slots: (0..LANE_SAMPLES).map(|_| AtomicU64::new(0)).collect(),
            head: Apart(AtomicU64::new(0)),
            tail: Apart(AtomicU64::new(0)),
            lost: AtomicU64::new(0),
            taken: AtomicBool::new(true),
        }
    }
}

/// The lanes of all threads. Cloned handles are of the same lanes.
#[derive(Clone, Default)]
pub struct Lanes {
    /// Locked when a thread comes, and by the reader; never to write a sample.
    rings: Arc<Mutex<Vec<Arc<Ring>>>>,
}

impl Lanes {
    /// A lane for the calling thread to keep, or none while [`MAX_LANES`] are taken.
    pub fn claim(&self) -> Option<Writer> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let free = rings
            .iter()
            .find(|ring| ring.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok());
        let ring = match free {
            Some(ring) => Arc::clone(ring),
            None if rings.len() < MAX_LANES => {
                let ring = Arc::new(Ring::new());
                rings.push(Arc::clone(&ring));
                ring
            }
            None => return None,
        };
        let (head, tail) = (ring.head.0.load(Ordering::Relaxed), ring.tail.0.load(Ordering::Acquire));
        Some(Writer { ring, head, tail })
    }

    /// Appends what was recorded since the last call. To be called by one thread at a time.
    pub fn drain(&self, samples: &mut Vec<Key>) {
        for ring in self.rings.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // Acquire: what the writer stored before it moved the head is seen.
            let (head, tail) = (ring.head.0.load(Ordering::Acquire), ring.tail.0.load(Ordering::Relaxed));
            let key = |number: u64| Key(ring.slots[number as usize % LANE_SAMPLES].load(Ordering::Relaxed));
            samples.extend((tail..head).map(key));
            // Release: the writer stores into these slots only after they were read.
            ring.tail.0.store(head, Ordering::Release);
        }
    }

    /// Samples that were lost so far because nobody emptied their lane in time.
    pub fn lost(&self) -> u64 {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.iter().map(|ring| ring.lost.load(Ordering::Relaxed)).sum()
    }
}

/// One thread's end of its lane. Dropped, it leaves the lane to another thread.
pub struct Writer {
    ring: Arc<Ring>,
    head: u64,
    /// The tail as it was when it was last looked at: it only moves on.
    tail: u64,
}

impl Writer {
    /// Records a request for an item; answers whether there was room.
    #[inline]
    pub fn record(&mut self, key: Key) -> bool {
        if self.head - self.tail >= LANE_SAMPLES as u64 {
            self.tail = self.ring.tail.0.load(Ordering::Acquire);
            if self.head - self.tail >= LANE_SAMPLES as u64 {
                // One writer: no need of an atomic addition.
                self.ring.lost.store(self.ring.lost.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                return false;
            }
        }
        self.ring.slots[self.head as usize % LANE_SAMPLES].store(key.0, Ordering::Relaxed);
        self.head += 1;
        self.ring.head.0.store(self.head, Ordering::Release);
        true
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ring.taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(lanes: &Lanes) -> Vec<Key> {
        let mut samples = Vec::new();
        lanes.drain(&mut samples);
        samples
    }

    #[test]
    fn what_is_recorded_is_read_once_and_in_order() {
        let lanes = Lanes::default();
        let mut writer = lanes.claim().unwrap();
        for round in 0..5 {
            let keys: Vec<Key> = (0..3_000).map(|number| Key(round * 10_000 + number)).collect();
            assert!(keys.iter().all(|&key| writer.record(key)));
            assert_eq!(drained(&lanes), keys);
        }
        assert_eq!(drained(&lanes), []);
        assert_eq!(lanes.lost(), 0);
    }

    #[test]
    fn what_finds_no_room_is_lost_and_counted() {
        let lanes = Lanes::default();
        let mut writer = lanes.claim().unwrap();
        let kept = (0..LANE_SAMPLES as u64 + 10).filter(|&number| writer.record(Key(number))).count();
        assert_eq!((kept, lanes.lost()), (LANE_SAMPLES, 10));
        assert_eq!(drained(&lanes).last(), Some(&Key(LANE_SAMPLES as u64 - 1)));
        assert!(writer.record(Key(7)));
        assert_eq!(drained(&lanes), [Key(7)]);
    }

    #[test]
    fn nothing_is_lost_or_doubled_while_others_write_and_come_and_go() {
        let lanes = Lanes::default();
        let (threads, each) = (4, 200_000_u64);
        let recorded: u64 = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..threads)
                .map(|thread| {
                    let lanes = lanes.clone();
                    scope.spawn(move || {
                        let mut recorded = 0;
                        for part in 0..4 {
                            // A thread that ends leaves its lane, with what is in it, to the next.
                            let mut writer = lanes.claim().unwrap();
                            let numbers = (0..each / 4).map(|number| thread * each + part * each / 4 + number);
                            recorded += numbers.filter(|&number| writer.record(Key(number))).count() as u64;
                        }
                        recorded
                    })
                })
                .collect();
            let mut samples = Vec::new();
            while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                lanes.drain(&mut samples);
            }
            lanes.drain(&mut samples);
            let recorded: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
            assert_eq!(samples.len() as u64, recorded);
            samples.sort_unstable();
            assert!(samples.windows(2).all(|pair| pair[0] < pair[1]), "each number was written once");
            recorded
        });
        assert_eq!(recorded + lanes.lost(), threads * each);
        assert!(lanes.rings.lock().unwrap().len() <= threads as usize, "lanes are used again");
    }

    #[test]
    fn there_are_only_so_many_lanes() {
        let lanes = Lanes::default();
        let mut writers: Vec<Writer> = (0..MAX_LANES).map(|_| lanes.claim().unwrap()).collect();
        assert!(lanes.claim().is_none());
        writers.pop();
        assert!(lanes.claim().is_some());
    }
}
