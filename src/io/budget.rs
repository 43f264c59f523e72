//! How many bytes a single file may make the tool allocate.

use std::fs;
use std::sync::LazyLock;

/// Used where the machine does not say how much memory it has.
const FALLBACK_BYTES: u64 = 4 << 30;

/// Limit in bytes on what one file may declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteBudget(pub u64);

impl Default for ByteBudget {
    /// Half of the memory: while a volume is read, its bytes and its voxels are held side by side.
    fn default() -> Self {
        static HALF: LazyLock<u64> =
            LazyLock::new(|| machine_memory().map_or(FALLBACK_BYTES, |bytes| bytes / 2));
        Self(*HALF)
    }
}

/// Memory of the machine, or of the control group it is confined to where that is less.
fn machine_memory() -> Option<u64> {
    let total = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total_bytes(&text))?;
    let confined = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    Some(confined.map_or(total, |limit| limit.min(total)))
}

/// `MemTotal` of `/proc/meminfo`, which is in KiB.
fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_read_in_bytes() {
        assert_eq!(
            total_bytes("MemTotal:       24600000 kB\nMemFree: 1 kB\n"),
            Some(24_600_000 * 1024)
        );
        assert_eq!(total_bytes("MemTotal: many kB"), None);
        assert_eq!(total_bytes(""), None);
    }
}
