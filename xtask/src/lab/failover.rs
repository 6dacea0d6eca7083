//! Failover in real time: every frame counted, at a listener and in the segments.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::lab::page::{self, Page};
use crate::needs;
use crate::shell::{command, outcome, printed, say, step};

const METHOD: &str = "\
The built program on loopback, in real time: an egress with two ingests for each line of the table, all in one process, `hold_back` 3 s and segments of
2 s. The frames are made once, by LAME and fdk-aac, and no two of them are alike but in silence and in the jingle. Two sources send them as Icecast's do,
each as late as the line says; connections are cut in the middle of a frame, by a reset or in good order, at moments drawn from the seed. An encoder that
comes back goes on with the frame that is live; a relay first sends 64 KiB again (Icecast's `burst-size`), beginning in the middle of a frame.

What came out is cut into frames and laid into what was sent; where the two differ, the shortest way on is taken. *ICY* is a listener without metadata who
stays throughout; *HLS* are all segments in the bucket, in the order of their numbers, from the first frame on. *Lost* frames were sent and did not come;
*repeated* ones came again or out of order; of those that *nobody sent* the number stands apart (\"+ n new\"). *Damaged* are frames that came and whose samples
are others than those of a decoder that has heard the source alone, from the same frame on or, where the encoder is restarted, from its first frame on (symphonia
and fdk-aac; every sample, of HE-AAC within 4 of 32,768). *Longest gap* is the longest time in which the listener got nothing: the engine sends once a second, so
without trouble it is the first line's, and 250 ms above that are allowed. A path that is 20 s behind is waited for once, 17 s beyond `hold_back`. *Epochs*:
between two stands a discontinuity.

Nothing may be lost, repeated or damaged, but where the encoder is restarted (then no frame may be lost or repeated), and in the known limit
([ADR 11](../adr/0011-paths-are-merged-by-content-on-one-schedule.md)). Any line that misses this fails the command and is listed.

*kill -9*: eight servers with all roles, an egress of each coding on every one, killed at moments drawn from the seed, one in four within a second of being ready, the
others within six, and one in eight again while it starts; started again at once on the same folder each time. One path is a relay that sends its burst again, the other one by turns an encoder that does not and
is 0.5 s behind, or a relay that is 2 s behind. Listeners come back; each of their connections is judged for itself, *away* is the time between two. The
segments have to have every frame, once.

*kill -9 of each role*: six clusters of five processes on one bucket each, an egress of each coding on every one: two that ingest, each of which one of the
two paths is sent to, two that make and serve the programmes, and an origin that merges the programmes of these two. Paths and manifest are those of *kill -9*. In
rounds, each in an order drawn from the seed, both ingests, both packagers and, twice, the origin are killed, one in eight again while it starts, and started at
once on the same folder, at other ports; the next one up to 2 s after the last one is *of use again*, as the processes tell it themselves: an ingest, when its paths
are locked at both packagers and have brought 20 frames in time each; a packager, when both its paths are, the origin reads both packagers, and the
programmes have gone on by two segments; the origin, when it reads both packagers, and the programmes have gone on as well. Who fails while another one
is away is not measured here. There are listeners at the origin and at one of the packagers, who come back; the segments have to have every frame, once, in one epoch.

*A bucket that is away for ten minutes*: a server with all roles, and moto as its S3 server, with a way between them on which requests fail. After 30 s all are answered
with 503, for ten minutes; then all is well for 90 s; then for three minutes 20 % get 503, 3 % are done and never answered, and each takes 100 ms longer; then all is
well for a minute. Segments have 2 s, the window 60 s. *HLS of the process* is a client who follows the playlist that the server itself serves, and has each segment;
*longest wait* is the longest time without a new one. The bucket is looked at directly, twice a second: its playlist has to keep the rules of RFC 8216, for itself
and against the one before, and to name only what is there. Of what it *lacked* when it was back the live window comes first; one *older* segment may come *before
it*, which was under way. Times are since the first request that could succeed, and moto's own slowness is in them. Nothing may be lost, repeated or damaged.";

/// Runs all cases, and writes the page. With arguments it only prints: `--kills N`,
/// `--case SLUG` (or `kills`, `roles`, `bucket`), `--coding SLUG`, `--seed N`.
///
/// # Errors
///
/// It does not build, the page cannot be written, or a target is missed.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    needs::s3_server(root)?;
    let build = ["build", "--release", "--locked", "--package", "node", "--bin", "skywave"];
    step("skywave", &mut command(root, "cargo", build))?;
    let failover =
        ["run", "--release", "--locked", "--package", "bench", "--bin", "failover", "--"];
    let (status, figures) = outcome("failover", command(root, "cargo", failover).args(arguments))?;
    if !figures.contains("| --- |") {
        bail!("failover ended with {status}");
    }
    if arguments.is_empty() {
        let title = "Failover";
        let figures = format!("{}{figures}", commit(root)?);
        page::write(root, &Page { name: "failover", title, method: METHOD, figures: &figures })?;
    } else {
        say(&figures);
    }
    if !status.success() {
        bail!("failover: a target is missed, see above");
    }
    Ok(())
}

/// Which tree this is.
fn commit(root: &Path) -> Result<String> {
    let hash = printed(&mut command(root, "git", ["rev-parse", "--short=10", "HEAD"]));
    let hash = hash.context("git does not tell the commit")?;
    Ok(format!("Commit {}. ", hash.trim()))
}
