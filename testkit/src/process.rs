//! What this process holds.

/// A field of `/proc/self/status` in KiB, such as `VmPeak:` (the address space at its largest) or `VmHWM:` (memory at
/// its largest); `None` where the system does not tell.
pub fn kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}
