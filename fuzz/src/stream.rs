//! A fixed stream of bytes: the same numbers on every machine, for smoke tests and seeds.

/// The splitmix64 generator: small, even, and fixed by its seed. Nothing secret comes from it.
#[derive(Debug, Clone)]
pub struct Stream(u64);

impl Stream {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() >> 32).unwrap_or_default() % end
    }

    /// Up to `longest` bytes.
    pub fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.number().to_le_bytes()[0]).collect()
    }

    /// A copy with one to four small changes: a byte, a cut, a repeated or foreign stretch.
    pub fn changed(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut data = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            match self.below(5) {
                0 => data.truncate(at),
                1 => data.splice(at..at, self.bytes(8)).for_each(drop),
                2 if at < data.len() => data[at] ^= 1 << self.below(8),
                3 => data.drain(at..(at + self.below(8)).min(data.len())).for_each(drop),
                _ => {
                    let end = (at + self.below(32)).min(data.len());
                    let stretch = data[at..end].to_vec();
                    data.splice(at..at, stretch).for_each(drop);
                }
            }
        }
        data
    }
}
