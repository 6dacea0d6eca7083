//! What processes and connections cost, as Linux tells it.

/// The resident memory of a process, in bytes.
///
/// # Panics
///
/// There is no such process.
pub fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// What the kernel holds for TCP buffers on this machine, in bytes.
///
/// # Panics
///
/// The kernel does not tell.
pub fn tcp() -> u64 {
    let stat = std::fs::read_to_string("/proc/net/sockstat").unwrap();
    let line = stat.lines().find_map(|line| line.strip_prefix("TCP:")).unwrap();
    let pages = line.split_whitespace().skip_while(|word| *word != "mem").nth(1).unwrap();
    // Pages are of 4 KiB wherever this is tested.
    pages.parse::<u64>().unwrap() << 12
}
