//! Whether labels were drawn by a fair coin.

use super::Label;

/// Earlier labels that a bettor looks at.
const BEFORE: u32 = 4;

/// Evidence that labels can be told from the labels before them: all of one class first, or one after the other. Then
/// whatever changes with time looks like a leak, and no statistics can repair it.
#[derive(Debug, Clone)]
pub(crate) struct Coin {
    before: usize,
    counts: [[f64; 2]; 1 << BEFORE],
    evidence: f64,
}

impl Default for Coin {
    fn default() -> Self {
        Self { before: 0, counts: [[0.5; 2]; 1 << BEFORE], evidence: 0.0 }
    }
}

impl Coin {
    /// Takes the next label.
    pub(crate) fn push(&mut self, label: Label) {
        let counts = &mut self.counts[self.before];
        self.evidence += (2.0 * counts[label.index()] / (counts[0] + counts[1])).ln();
        counts[label.index()] += 1.0;
        self.before = (self.before << 1 | label.index()) & ((1 << BEFORE) - 1);
    }

    /// Whether it looks fair: a fair coin does but for one in a million times.
    pub(crate) fn is_fair(&self) -> bool {
        self.evidence < 1e6_f64.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fair(labels: impl IntoIterator<Item = Label>) -> bool {
        let mut coin = Coin::default();
        labels.into_iter().for_each(|label| coin.push(label));
        coin.is_fair()
    }

    #[test]
    fn labels_that_can_be_predicted_are_not_fair() {
        let blocked = (0..200).map(|n| if n < 100 { Label::X } else { Label::Y });
        let alternating = (0..200).map(|n| if n % 2 == 0 { Label::X } else { Label::Y });
        let in_pairs = (0..200).map(|n| if n % 4 < 2 { Label::X } else { Label::Y });
        assert!(!is_fair(blocked));
        assert!(!is_fair(alternating));
        assert!(!is_fair(in_pairs));
    }
}
