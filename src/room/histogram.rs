//! Histograms: how often a measure was how great. Plain numbers, for whoever asks.

/// How often a measure was at most each of some bounds.
#[derive(Clone, Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, in their order, and one for what is above all of them.
    counts: Vec<u64>,
    sum: u64,
}

impl Histogram {
    /// Nothing was measured yet. The bounds ascend.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Histogram {
        Histogram { bounds, counts: vec![0; bounds.len() + 1], sum: 0 }
    }

    /// This was measured.
    pub fn record(&mut self, measure: u64) {
        let index = self.bounds.partition_point(|bound| *bound < measure);
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
        self.sum += measure;
    }

    /// What another one of the same bounds has measured, too.
    pub fn add(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.sum += other.sum;
    }

    /// Each bound, with how many measures were at most that and above the bound before it;
    /// at last `None`, with how many were above all.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        self.bounds.iter().copied().map(Some).chain([None]).zip(self.counts.iter().copied())
    }

    /// How many measures there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All measures together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_counts_below_the_first_bound_that_it_does_not_exceed() {
        let mut histogram = Histogram::new(&[0, 10, 20]);
        for measure in [0, 1, 10, 11, 20, 21, 1000] {
            histogram.record(measure);
        }
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!(buckets, [(Some(0), 1), (Some(10), 2), (Some(20), 2), (None, 2)]);
        assert_eq!((histogram.count(), histogram.sum()), (7, 1063));
        let mut twice = histogram.clone();
        twice.add(&histogram);
        assert_eq!((twice.count(), twice.sum()), (14, 2126));
    }
}
