//! Threads that send: each waits for its own sockets.
//!
//! The type to know is [`Lanes`]. Waking another thread for each answer costs more than judging it, so
//! a case stays in the lane that sent it, from its first byte to its verdict.

use std::future::Future;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Runtime};

/// Requests in flight that keep one lane busy.
const BUSY: usize = 8;

/// Lanes for a number of requests in flight.
#[derive(Debug)]
pub struct Lanes {
    first: Runtime,
    others: Vec<Runtime>,
    jobs: usize,
}

impl Lanes {
    /// Lanes for `jobs` requests in flight: one, and more where the machine has more cores and there is
    /// enough to do for them.
    ///
    /// # Errors
    /// The system refuses a runtime.
    pub fn new(jobs: usize) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let lane = || Builder::new_current_thread().enable_all().build();
        let others = (1..cores.min(jobs.div_ceil(BUSY))).map(|_| lane()).collect::<io::Result<_>>()?;
        Ok(Self { first: lane()?, others, jobs: jobs.max(1) })
    }

    /// Requests in flight at the same time, over all lanes.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Does one thing, in the first lane.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.first.block_on(work)
    }

    /// Does the same in every lane, each with its share of the requests in flight.
    pub fn each<T: Send, F: Future<Output = T>>(&self, work: impl Fn(usize) -> F + Sync) -> Vec<T> {
        let lanes = self.others.len() + 1;
        let share = |lane: usize| self.jobs / lanes + usize::from(lane < self.jobs % lanes);
        let work = &work;
        thread::scope(|scope| {
            let others: Vec<_> = (1..lanes)
                .zip(&self.others)
                .map(|(lane, runtime)| scope.spawn(move || runtime.block_on(work(share(lane)))))
                .collect();
            let mut done = vec![self.first.block_on(work(share(0)))];
            for other in others {
                done.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_all_lanes_make_up_the_jobs() {
        for jobs in [1, 4, 8, 9, 16, 17, 100] {
            let lanes = Lanes::new(jobs).expect("runtimes start");
            let shares = lanes.each(async |share| share);
            assert_eq!(shares.iter().sum::<usize>(), jobs);
            assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
        }
    }
}
