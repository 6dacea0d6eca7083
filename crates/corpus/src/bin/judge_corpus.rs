//! Judges the whole corpus, and prints a table in Markdown.
//!
//! ```text
//! cargo run --release -p corpus --bin judge-corpus
//! ```
#![expect(unsafe_code, reason = "an allocator that counts is one")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, bail};
use corpus::file::{File, FrameState};
use corpus::judge::{self, CUTS_MAX, Pace, WRITE_LENS};
use corpus::{base, foreign};
use nix::sys::resource::{UsageWho, getrusage};

/// Length of each base.
const SECONDS: u32 = 8;

/// Processor time that a mebibyte may take, whatever the writes.
const CPU_MAX: Duration = Duration::from_secs(1);

/// Bytes that a file counts as at least, or the clock's own grain is measured.
const MEASURED_LEN_MIN: usize = 30_000;

/// Characters of a fault that are shown.
const FAULT_LEN_MAX: usize = 300;

/// Heap that a source may take.
const HEAP_MAX: usize = 16 << 20;

/// Counts what is in use, and the most that was.
struct Counting {
    now: AtomicUsize,
    peak: AtomicUsize,
}

#[global_allocator]
static HEAP: Counting = Counting { now: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = self.now.fetch_add(layout.size(), Relaxed) + layout.size();
        self.peak.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise is the system allocator's demand.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.now.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) };
    }
}

/// What a family of files came to.
#[derive(Debug, Default)]
struct Row {
    files: usize,
    bytes: usize,
    frames: usize,
    proved: usize,
    found: usize,
    strange: usize,
    refused: usize,
    cuts: usize,
    /// The most for a mebibyte, in any size of write.
    cpu_max: Duration,
    heap_max: usize,
}

fn main() -> Result<()> {
    let mut all = base::every(SECONDS);
    let few = base::few(SECONDS);
    let lame = foreign::lame(SECONDS)?;
    all.extend(few.iter().cloned());
    all.extend(lame.iter().cloned());
    all.push(foreign::ffmpeg_aac(SECONDS)?);
    // Of LAME's own, VBR, CRC and dual channel are broken, too.
    let broken = lame.iter().filter(|base| {
        base.refused.is_none()
            && ["-V 4", "CRC", "dual"].iter().any(|word| base.name.contains(word))
    });
    let mutated: Vec<_> = few.into_iter().chain(broken.cloned()).collect();
    let mut files = corpus::files(&all, &mutated);
    files.extend(foreign::strangers(SECONDS)?);
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut faults = Vec::new();
    for file in &files {
        let row = rows.entry(file.family.clone()).or_default();
        faults.extend(one(file, row)?.into_iter().map(|fault| format!("{}: {fault}", file.name())));
    }
    print(&rows, files.len())?;
    if faults.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> =
        faults.iter().map(|fault| fault.chars().take(FAULT_LEN_MAX).collect()).collect();
    bail!("{} faults:\n{}", faults.len(), shown.join("\n"));
}

/// Judges a file, and measures it in each size of write.
fn one(file: &File, row: &mut Row) -> Result<Vec<String>> {
    let mut faults = judge::faults(file, CUTS_MAX);
    row.files += 1;
    row.bytes += file.wire.len();
    row.cuts += judge::cut_lens(file, CUTS_MAX).count();
    row.frames += file.frames.len();
    row.proved += file.frames.iter().filter(|frame| frame.state == FrameState::Proved).count();
    for write_len in WRITE_LENS {
        let heap = HEAP.now.load(Relaxed);
        HEAP.peak.store(heap, Relaxed);
        let before = cpu()?;
        let outcome = judge::run(file, write_len, Pace::AtOnce);
        let used = cpu()?.saturating_sub(before);
        let heap = HEAP.peak.load(Relaxed).saturating_sub(heap);
        let used = a_mebibyte(used, file.wire.len());
        if used > CPU_MAX {
            faults.push(format!("{used:?} a MiB in writes of {write_len}"));
        }
        if heap > HEAP_MAX {
            faults.push(format!("{heap} bytes of heap in writes of {write_len}"));
        }
        row.cpu_max = row.cpu_max.max(used);
        row.heap_max = row.heap_max.max(heap);
        if write_len == WRITE_LENS[0] {
            row.found += outcome.found.proved;
            row.strange += outcome.found.strange;
            row.refused += usize::from(outcome.refused.is_some());
        }
    }
    Ok(faults)
}

/// Time for a file, as if it were a mebibyte long.
fn a_mebibyte(time: Duration, len: usize) -> Duration {
    let len = u32::try_from(len.max(MEASURED_LEN_MIN)).unwrap_or(u32::MAX);
    time * (1 << 20) / len
}

fn print(rows: &BTreeMap<String, Row>, files: usize) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| what was done | files | KB | cuts | frames | proved | found | strange | refused | processor a MiB | heap |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for (family, row) in rows {
        let found = (row.found * 10_000).checked_div(row.proved).map_or_else(
            || "-".to_owned(),
            |hundredths| format!("{}.{:02} %", hundredths / 100, hundredths % 100),
        );
        writeln!(
            out,
            "| {family} | {} | {} | {} | {} | {} | {found} | {} | {} | {} ms | {} KiB |",
            row.files,
            row.bytes / 1_000,
            row.cuts,
            row.frames,
            row.proved,
            row.strange,
            row.refused,
            row.cpu_max.as_millis(),
            row.heap_max / 1024,
        )?;
    }
    writeln!(out, "\n{files} files in all.")?;
    Ok(())
}

/// Processor time of this process so far.
fn cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0)
    };
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}
