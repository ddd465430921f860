//! The CPU on which a measurement runs.
//!
//! The types to know are [`ReservedCpu`] and, for the plain case, the function [`pin_to_one_cpu`]. Where the operating system
//! cannot pin threads, nothing happens: a measurement is as sound without it, and takes longer.

/// Pins this thread, and all threads and processes that it starts from now on, to one CPU: waking another one takes longer than
/// most leaks, and not always as long.
pub fn pin_to_one_cpu() {
    let _ = ReservedCpu::choose().map(|cpu| cpu.pin());
}

/// A CPU that this thread is to have for itself.
#[derive(Debug)]
pub struct ReservedCpu {
    #[cfg(target_os = "linux")]
    allowed: CpuSet,
    #[cfg(target_os = "linux")]
    cpu: usize,
}

impl ReservedCpu {
    /// Chooses the last CPU; none where the operating system cannot pin threads.
    pub fn choose() -> Option<Self> {
        #[cfg(target_os = "linux")]
        {
            let allowed = rustix::thread::sched_getaffinity(None).ok()?;
            let last = (0..CpuSet::MAX_CPU).rev().find(|&cpu| allowed.is_set(cpu));
            last.map(|cpu| Self { allowed, cpu })
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Stays off it for now: what this thread starts meanwhile runs on the other CPUs, if there are others.
    pub fn avoid(&self) {
        #[cfg(target_os = "linux")]
        {
            let mut others = self.allowed;
            others.unset(self.cpu);
            if others.count() > 0 {
                restrict_to(&others);
            }
        }
    }

    /// Pins this thread to it.
    pub fn pin(&self) {
        #[cfg(target_os = "linux")]
        {
            let mut one = CpuSet::new();
            one.set(self.cpu);
            restrict_to(&one);
        }
    }
}

#[cfg(target_os = "linux")]
use rustix::thread::CpuSet;

#[cfg(target_os = "linux")]
fn restrict_to(cpus: &CpuSet) {
    // Without it the measurement is as sound, and takes longer.
    let _ = rustix::thread::sched_setaffinity(None, cpus);
}
