//! The end of the process, told to every task.

use tokio::sync::watch;

/// Tells tasks that the process ends. Clones hear of the same end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { sender: watch::Sender::new(false) }
    }
}

impl Shutdown {
    /// Begins the end. Again has no effect.
    pub fn trigger(&self) {
        self.sender.send_replace(true);
    }

    /// Whether the end has begun.
    pub fn is_triggered(&self) -> bool {
        *self.sender.borrow()
    }

    /// Waits for the end; done at once when it has begun.
    pub async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // `self` keeps the sender, so the channel cannot close.
        let _ = receiver.wait_for(|triggered| *triggered).await;
    }

    /// Begins the end at SIGTERM or SIGINT. To be called once, by `main`.
    ///
    /// # Errors
    ///
    /// The system's, when signals cannot be caught.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            shutdown.trigger();
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
