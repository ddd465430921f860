//! Several pairs of classes at once.

/// What is left of the evidence for each of several leaks, so that the chance of any false one stays below alpha: e-Holm,
/// the closure of the arithmetic mean (Vovk and Wang, "E-values: calibration, combination, and applications", 2021).
///
/// Natural logarithms in, natural logarithms out, in the same order.
pub(crate) fn holm(evidence: &[f64]) -> Vec<f64> {
    let mut sorted = evidence.to_vec();
    sorted.sort_by(f64::total_cmp);
    let adjusted = evidence.iter().map(|&own| {
        // The mean of it and of the smallest others, in the worst case.
        let (mut worst, mut sum, mut own_seen) = (own, vec![own], false);
        for &other in &sorted {
            if !own_seen && other.to_bits() == own.to_bits() {
                own_seen = true;
                continue;
            }
            sum.push(other);
            worst = worst.min(super::log_mean(&sum));
        }
        worst
    });
    adjusted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_keeps_its_evidence() {
        assert_eq!(holm(&[7.0]), [7.0]);
    }

    #[test]
    fn evidence_is_shared_with_pairs_that_show_none() {
        let adjusted = holm(&[12.0, 0.0, -3.0]);
        let all = ((12.0_f64.exp() + 1.0 + (-3.0_f64).exp()) / 3.0).ln();
        assert!((adjusted[0] - all).abs() < 1e-9);
        assert!(adjusted[1] <= 0.0 && adjusted[2] <= -3.0);
    }
}
