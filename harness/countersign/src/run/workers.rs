//! Worker threads, each with its own runtime and sockets.
//!
//! The type to know is [`Workers`]. A case stays on one worker from its first byte to its verdict, because waking
//! another thread for an answer costs more than judging it.

use std::future::Future;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Runtime};

/// Requests in flight that keep one worker busy.
const BUSY: usize = 8;

/// Workers for a number of requests in flight.
#[derive(Debug)]
pub struct Workers {
    first: Runtime,
    others: Vec<Runtime>,
    jobs: usize,
}

impl Workers {
    /// Workers for `jobs` requests in flight: one for each core that they keep busy, at least one.
    ///
    /// # Errors
    /// The system refuses a runtime.
    pub fn new(jobs: usize) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let worker = || Builder::new_current_thread().enable_all().build();
        let others = (1..cores.min(jobs.div_ceil(BUSY))).map(|_| worker()).collect::<io::Result<_>>()?;
        Ok(Self { first: worker()?, others, jobs: jobs.max(1) })
    }

    /// Requests in flight, over all workers.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Runs a future on the first worker.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.first.block_on(work)
    }

    /// Runs the same work on every worker, each with its share of the requests in flight.
    pub fn each<T: Send, F: Future<Output = T>>(&self, work: impl Fn(usize) -> F + Sync) -> Vec<T> {
        let workers = self.others.len() + 1;
        let share = |worker: usize| self.jobs / workers + usize::from(worker < self.jobs % workers);
        let work = &work;
        thread::scope(|scope| {
            let others: Vec<_> = (1..workers)
                .zip(&self.others)
                .map(|(worker, runtime)| scope.spawn(move || runtime.block_on(work(share(worker)))))
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
    fn the_shares_of_all_workers_make_up_the_jobs() {
        for jobs in [1, 4, 8, 9, 16, 17, 100] {
            let workers = Workers::new(jobs).expect("runtimes start");
            let shares = workers.each(async |share| share);
            assert_eq!(shares.iter().sum::<usize>(), jobs);
            assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
        }
    }
}
