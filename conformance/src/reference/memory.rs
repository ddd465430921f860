//! Replay memory: what was accepted, until when it matters.

use std::collections::{BTreeSet, HashMap};

use countersign_core::time::Timestamp;

/// Remembers keys until a point in time. Nothing live is ever evicted.
#[derive(Debug, Default)]
pub struct Memory {
    until: HashMap<Vec<u8>, Timestamp>,
    expiry: BTreeSet<(Timestamp, Vec<u8>)>,
}

impl Memory {
    /// Stores a key; false if it is there already.
    pub fn insert(&mut self, key: &[u8], until: Timestamp, now: Timestamp) -> bool {
        self.forget(now);
        if self.until.contains_key(key) {
            return false;
        }
        self.until.insert(key.to_vec(), until);
        self.expiry.insert((until, key.to_vec()));
        true
    }

    /// Takes a key out again.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(until) = self.until.remove(key) {
            self.expiry.remove(&(until, key.to_vec()));
        }
    }

    /// Whether a key is there.
    pub fn holds(&self, key: &[u8]) -> bool {
        self.until.contains_key(key)
    }

    /// How many keys are there.
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((until, _)) = self.expiry.first() {
            if *until >= now {
                break;
            }
            if let Some((_, key)) = self.expiry.pop_first() {
                self.until.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_remembered_exactly_until_its_time() {
        let at = Timestamp::from_seconds;
        let mut memory = Memory::default();
        assert!(memory.insert(b"a", at(10), at(0)));
        assert!(!memory.insert(b"a", at(20), at(10)));
        assert!(memory.insert(b"a", at(30), at(11)));
        assert_eq!(memory.len(), 1);
        memory.remove(b"a");
        assert!(memory.is_empty() && memory.insert(b"a", at(30), at(11)));
    }
}
