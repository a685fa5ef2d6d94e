//! Entries that are numbered as they come, are found by their ids, and stay.

use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::{Index, IndexMut};

use hashbrown::HashTable;

/// Entries that stand together. They never move, so that growing costs neither a pause nor room for a copy.
const CHUNK: usize = 1_024;

/// The table of numbers grows in so many parts, each at a time of its own.
const PARTS: usize = 64;

/// Bits of a hash that the table itself does not look at.
const PART_SHIFT: u32 = 32;

pub(crate) trait Entry {
    type Id: Copy + Eq + Hash;

    fn id(&self) -> Self::Id;
}

pub(crate) struct Register<T> {
    chunks: Vec<Vec<T>>,
    numbers: Vec<HashTable<u32>>,
    hasher: RandomState,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), numbers: vec![HashTable::new(); PARTS], hasher: RandomState::new() }
    }
}

impl<T: Entry> Register<T> {
    pub(crate) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(crate) fn number_of(&self, id: T::Id) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.numbers[part_of(hash)].find(hash, |&number| self[number].id() == id).copied()
    }

    pub(crate) fn get(&self, id: T::Id) -> Option<&T> {
        self.number_of(id).map(|number| &self[number])
    }

    pub(crate) fn get_mut(&mut self, id: T::Id) -> Option<&mut T> {
        self.number_of(id).map(|number| &mut self[number])
    }

    /// Takes in an entry whose id is new, and answers its number.
    pub(crate) fn push(&mut self, entry: T) -> u32 {
        let (number, hash) = (self.len() as u32, self.hasher.hash_one(entry.id()));
        match self.chunks.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push(entry),
            None => {
                // The first grows as it fills: most lines are short.
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 1 } else { CHUNK });
                chunk.push(entry);
                self.chunks.push(chunk);
            }
        }
        let Self { chunks, numbers, hasher } = self;
        let hash_of = |&number: &u32| hasher.hash_one(entry_of(chunks, number).id());
        numbers[part_of(hash)].insert_unique(hash, number, hash_of);
        number
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

impl<T> Index<u32> for Register<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        entry_of(&self.chunks, number)
    }
}

impl<T> IndexMut<u32> for Register<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }
}

fn entry_of<T>(chunks: &[Vec<T>], number: u32) -> &T {
    &chunks[number as usize / CHUNK][number as usize % CHUNK]
}

const fn part_of(hash: u64) -> usize {
    (hash >> PART_SHIFT) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for (u64, u64) {
        type Id = u64;

        fn id(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn entries_are_numbered_as_they_come_and_found_by_their_ids_however_many_there_are() {
        let mut register = Register::default();
        for number in 0..5_000 {
            assert_eq!(register.len(), number);
            assert_eq!(register.push((number as u64 * 7, 0)), number as u32);
        }
        for number in 0..5_000 {
            assert_eq!(register.number_of(number * 7), Some(number as u32));
            assert_eq!(register.get(number * 7 + 1), None);
        }
        register.get_mut(7).unwrap().1 = 3;
        assert_eq!((register[1], register.iter().count()), ((7, 3), 5_000));
    }
}
