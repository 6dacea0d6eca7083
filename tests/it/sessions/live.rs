//! A station in real time, for players that are not ours.

use std::time::Duration;

use tests::TestNode;
use tests::encoder::Source;
use tokio::task::JoinHandle;

use super::station::Plan;

/// The length of a frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_micros(26_122);

/// Seconds of sound: more than any test lasts, and what is sent of it at once, in
/// frames: seven segments of two seconds.
const SOUND_SECS: u32 = 80;
const AT_ONCE: usize = 540;

/// A node whose source sends the time code as fast as it is heard.
pub(super) struct Live {
    pub(super) node: TestNode,
    sending: JoinHandle<()>,
}

impl Live {
    pub(super) async fn start(plan: &Plan) -> Self {
        let node = TestNode::start_configured(&plan.manifest(), &plan.lines).await;
        let sound = demo::fixtures::mp3(SOUND_SECS, 128, 44_100, 2);
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&sound[..AT_ONCE]).await;
        node.until_listed("radio", 6).await;
        let rest = sound[AT_ONCE..].to_vec();
        let sending = tokio::spawn(async move { source.send_paced(&rest, FRAME).await });
        Self { node, sending }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.sending.abort();
    }
}
