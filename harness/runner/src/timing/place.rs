//! On which processor a measurement runs.

/// Keeps this thread, and all threads and processes that it starts from now on, on one processor: waking another one takes
/// longer than most leaks, and not always as long. Where the system has no such thing nothing happens.
pub fn stay() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let Ok(allowed) = sched_getaffinity(None) else { return };
        let last = (0..CpuSet::MAX_CPU).rev().find(|&processor| allowed.is_set(processor));
        if let Some(last) = last {
            let mut one = CpuSet::new();
            one.set(last);
            // Without it the measurement is as sound, and takes longer.
            let _ = sched_setaffinity(None, &one);
        }
    }
}
