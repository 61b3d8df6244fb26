//! The one SIMD level of this process.

use fearless_simd::Level;

/// AVX2 wherever there is AVX2: AVX-512 would be slower, and pixels are the same on every machine.
pub(crate) fn level() -> Level {
    let best = Level::try_detect().unwrap_or(Level::baseline());
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = best.as_avx2() {
        return Level::Avx2(avx2);
    }
    best
}
