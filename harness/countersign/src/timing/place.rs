//! On which processor a measurement runs.

/// Keeps this thread, and all threads and processes that it starts from now on, on one processor: waking another one takes
/// longer than most leaks, and not always as long. Where the system has no such thing nothing happens.
pub fn stay() {
    let _ = Alone::prepare().map(|alone| alone.stay());
}

/// A processor that this thread is to have for itself.
#[derive(Debug)]
pub struct Alone {
    #[cfg(target_os = "linux")]
    allowed: CpuSet,
    #[cfg(target_os = "linux")]
    processor: usize,
}

impl Alone {
    /// Chooses the last processor; none where the system has no such thing.
    pub fn prepare() -> Option<Self> {
        #[cfg(target_os = "linux")]
        {
            let allowed = rustix::thread::sched_getaffinity(None).ok()?;
            let last = (0..CpuSet::MAX_CPU).rev().find(|&processor| allowed.is_set(processor));
            last.map(|processor| Self { allowed, processor })
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Leaves it to later: what this thread starts meanwhile runs on the other processors, if there are others.
    pub fn keep_free(&self) {
        #[cfg(target_os = "linux")]
        {
            let mut others = self.allowed;
            others.unset(self.processor);
            if others.count() > 0 {
                keep_to(&others);
            }
        }
    }

    /// Goes there, and stays.
    pub fn stay(&self) {
        #[cfg(target_os = "linux")]
        {
            let mut one = CpuSet::new();
            one.set(self.processor);
            keep_to(&one);
        }
    }
}

#[cfg(target_os = "linux")]
use rustix::thread::CpuSet;

#[cfg(target_os = "linux")]
fn keep_to(processors: &CpuSet) {
    // Without it the measurement is as sound, and takes longer.
    let _ = rustix::thread::sched_setaffinity(None, processors);
}
