//! Who waits to be decided, the first first.

use std::collections::VecDeque;

use sale::PassId;

/// Orders that stand together: a long queue grows without a copy of itself, and gives its room back as it empties.
const CHUNK: usize = 1_024;

/// What only an order that is still in the line is remembered by.
#[derive(Debug)]
pub(crate) struct Queued {
    /// The number of its seat.
    pub(crate) seat: u32,
    pub(crate) quantity: u32,
    pub(crate) pass_id: PassId,
    pub(crate) idempotency_key: Box<str>,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    chunks: VecDeque<VecDeque<Queued>>,
    len: usize,
}

impl Queue {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Queued> {
        self.chunks.iter().flatten()
    }

    pub(crate) fn push(&mut self, queued: Queued) {
        match self.chunks.back_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push_back(queued),
            None => {
                // The first grows as it fills: most queues are short.
                let mut chunk = VecDeque::with_capacity(if self.chunks.is_empty() { 1 } else { CHUNK });
                chunk.push_back(queued);
                self.chunks.push_back(chunk);
            }
        }
        self.len += 1;
    }

    /// Takes the first out, where it is to go.
    pub(crate) fn pop_if(&mut self, goes: impl FnOnce(&Queued) -> bool) -> Option<Queued> {
        if self.chunks.len() > 1 && self.chunks.front().is_some_and(VecDeque::is_empty) {
            self.chunks.pop_front();
        }
        let first = self.chunks.front_mut()?;
        let queued = first.front().is_some_and(goes).then(|| first.pop_front()).flatten()?;
        self.len -= 1;
        Some(queued)
    }

    /// Takes all out that are not to stay.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&Queued) -> bool) {
        self.chunks.iter_mut().for_each(|chunk| chunk.retain(&mut stays));
        self.chunks.retain(|chunk| !chunk.is_empty());
        self.len = self.chunks.iter().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        /// Some come, some at the head go, and now and then some in the middle: as with an ordinary queue.
        #[test]
        fn it_is_first_in_first_out(steps in prop::collection::vec((0_u32..3_000, 0_u32..3_000, 0_u32..8), 1..12)) {
            let (mut queue, mut expected, mut next) = (Queue::default(), VecDeque::new(), 0);
            for (come, go, picked) in steps {
                for _ in 0..come {
                    let pass_id = PassId(Uuid::nil());
                    queue.push(Queued { seat: next, quantity: 1, pass_id, idempotency_key: "k".into() });
                    expected.push_back(next);
                    next += 1;
                }
                for _ in 0..go {
                    prop_assert_eq!(queue.pop_if(|_| true).map(|queued| queued.seat), expected.pop_front());
                }
                prop_assert!(queue.pop_if(|_| false).is_none());
                if picked > 1 {
                    queue.retain(|queued| queued.seat % picked != 0);
                    expected.retain(|seat| seat % picked != 0);
                }
                prop_assert_eq!(queue.len(), expected.len());
                prop_assert!(queue.iter().map(|queued| queued.seat).eq(expected.iter().copied()));
            }
        }
    }
}
