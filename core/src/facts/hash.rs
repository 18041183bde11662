//! A quick hash for maps by ids and codes.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes ids, which are drawn or come from a digest, and codes in a few steps: a load looks up tens of millions. Whoever writes
/// rows can choose texts, and these are not for it.
#[derive(Default)]
pub(crate) struct Mix(u64);

/// A map by ids or codes.
pub(crate) type Mixed<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // An odd constant with bits all over; the fold brings the high half of the product down.
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
