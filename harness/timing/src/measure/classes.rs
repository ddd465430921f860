//! Two classes of inputs whose times are compared.
//!
//! The type to know is [`Classes`]. It must not know what is called with the inputs.

use rand::Rng;
use rand::RngExt as _;

/// How the inputs of both classes are made. They have the same length.
#[derive(Debug, Clone)]
pub struct Classes {
    kind: Kind,
    length: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A wrong value: right up to a position, wrong there, and random after it.
    Mismatch { right: Vec<u8>, alphabet: &'static [u8], positions: [usize; 2] },
    /// Always these.
    Fixed([Vec<u8>; 2]),
}

const HEX: &[u8] = b"0123456789abcdef";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BYTES: &[u8] = &{
    let mut all = [0; 256];
    let mut at = 0;
    while at < 256 {
        all[at] = at as u8;
        at += 1;
    }
    all
};

impl Classes {
    /// Wrong values that differ from the right one at the first character, and at the last: an early exit takes longer for
    /// the second class. What follows the first wrong character is random for every call, and of the same alphabet
    /// (hex, base64 or any bytes).
    ///
    /// # Panics
    /// The value has less than two characters.
    pub fn mismatch(right: impl Into<Vec<u8>>) -> Self {
        let right = right.into();
        let body = right.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
        Self::mismatch_at(right, 0, body.saturating_sub(1))
    }

    /// Wrong values that differ from the right one from one position on, and from another.
    ///
    /// # Panics
    /// A position is past the end, or both are the same.
    pub fn mismatch_at(right: impl Into<Vec<u8>>, first: usize, second: usize) -> Self {
        let right = right.into();
        assert!(first.max(second) < right.len() && first != second, "two positions inside the value");
        let all = |alphabet: &[u8]| right.iter().all(|byte| alphabet.contains(byte) || *byte == b'=');
        let alphabet = [HEX, BASE64].into_iter().find(|alphabet| all(alphabet)).unwrap_or(BYTES);
        let length = right.len();
        Self { kind: Kind::Mismatch { right, alphabet, positions: [first, second] }, length }
    }

    /// Two inputs, always the same.
    ///
    /// # Panics
    /// They do not have the same length.
    pub fn fixed(first: impl Into<Vec<u8>>, second: impl Into<Vec<u8>>) -> Self {
        let (first, second) = (first.into(), second.into());
        assert_eq!(first.len(), second.len(), "inputs of the same length");
        Self { length: first.len(), kind: Kind::Fixed([first, second]) }
    }

    /// The length of all inputs.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Makes the next input of both classes.
    pub fn fill(&self, inputs: [&mut [u8]; 2], random: &mut impl Rng) {
        match &self.kind {
            Kind::Fixed(fixed) => {
                for (input, fixed) in inputs.into_iter().zip(fixed) {
                    input.copy_from_slice(fixed);
                }
            }
            Kind::Mismatch { right, alphabet, positions } => {
                for (input, &position) in inputs.into_iter().zip(positions) {
                    input.copy_from_slice(right);
                    for at in position..right.len() {
                        // Padding stays as it is.
                        if right[at] != b'=' || alphabet.len() == 256 {
                            input[at] = alphabet[random.random_range(0..alphabet.len())];
                        }
                    }
                    while input[position] == right[position] {
                        input[position] = alphabet[random.random_range(0..alphabet.len())];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::ChaCha12Rng;

    use super::*;

    #[test]
    fn classes_differ_from_the_right_value_from_their_position_on() {
        let mut random = ChaCha12Rng::seed_from_u64(1);
        for right in ["00ff00ff", "AAAA+/A=", "\u{1}\u{2}\u{3}\u{4}"] {
            let classes = Classes::mismatch(right);
            for _ in 0..200 {
                let mut inputs = [vec![0; right.len()], vec![0; right.len()]];
                let [x, y] = &mut inputs;
                classes.fill([x, y], &mut random);
                let end = right.trim_end_matches('=').len();
                assert_ne!(inputs[0][0], right.as_bytes()[0]);
                assert_eq!(inputs[1][..end - 1], right.as_bytes()[..end - 1]);
                assert_ne!(inputs[1][end - 1], right.as_bytes()[end - 1]);
                assert_eq!(inputs[0][end..], right.as_bytes()[end..], "padding");
            }
        }
    }
}
