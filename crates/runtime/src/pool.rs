//! Threads for work that takes long: they take nothing from those that carry the station.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads. Clones share it; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Pool {
    threads: Option<Arc<Threads>>,
}

/// How much later than others threads of a pool get the processor, of 19: chosen, what
/// carries the station has it at once.
const NICE: i32 = 10;

/// Work on a pool panicked: what it was given is lost.
#[derive(Debug, thiserror::Error)]
#[error("work on a pool panicked: {0}")]
pub struct Panicked(String);

#[derive(Debug)]
struct Threads {
    shared: Arc<Shared>,
    count: usize,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Pool {
    /// A pool of so many threads, at least 1, whose names begin with `name`.
    ///
    /// # Errors
    ///
    /// The system gives no more threads.
    pub fn new(name: &str, count: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let threads = Threads { shared: Arc::clone(&shared), count: count.max(1) };
        for nth in 0..threads.count {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("{name}-{nth}"));
            builder.spawn(move || {
                yield_to_others();
                shared.work();
            })?;
        }
        Ok(Self { threads: Some(Arc::new(threads)) })
    }

    /// A pool without threads: work is done where it is asked for, at once. For tests
    /// that turn the clock.
    pub fn inline() -> Self {
        Self { threads: None }
    }

    /// How many threads it has.
    pub fn threads(&self) -> usize {
        self.threads.as_ref().map_or(0, |threads| threads.count)
    }

    /// Does a piece of work behind those that were asked for before. Dropping the future
    /// does not end it.
    ///
    /// # Errors
    ///
    /// [`Panicked`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (sender, receiver) = oneshot::channel();
        let job = move || {
            let done = catch_unwind(AssertUnwindSafe(work));
            // Nobody may want it any more.
            let _ = sender.send(done.map_err(|panic| Panicked(message(panic.as_ref()))));
        };
        match &self.threads {
            Some(threads) => threads.shared.push(Box::new(job)),
            None => job(),
        }
        receiver.await.unwrap_or_else(|_| Err(Panicked("the pool has ended".to_owned())))
    }
}

impl Shared {
    fn push(&self, job: Job) {
        self.queue().jobs.push_back(job);
        self.wake.notify_one();
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.is_closed {
                return None;
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No job runs while the lock is held, so a poisoned queue is whole.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.queue().is_closed = true;
        self.shared.wake.notify_all();
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("waiting", &self.queue().jobs.len()).finish_non_exhaustive()
    }
}

/// Lowers the calling thread's priority; on Linux it is each thread's own. Where that is
/// not so, or not allowed, nothing changes.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
