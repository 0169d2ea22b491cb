//! Bytes in threes to three planes and back. Registers are worked on by halves of sixteen bytes,
//! of which three hold sixteen threes; byte `i` of the three's first, second and third half is of
//! plane `i % 3`, `(i + 1) % 3` and `(i + 2) % 3`.

use super::*;

/// Sixteen threes in each half of three registers, as their first, second and third bytes.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn thirds([a, b, c]: Colours) -> Colours {
    [
        _mm256_shuffle_epi8(every_third(a, c, b), both(GATHER[0])),
        _mm256_shuffle_epi8(every_third(b, a, c), both(GATHER[1])),
        _mm256_shuffle_epi8(every_third(c, b, a), both(GATHER[2])),
    ]
}

/// The other way.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn interleave([first, second, third]: Colours) -> Colours {
    let first = _mm256_shuffle_epi8(first, both(SPREAD[0]));
    let second = _mm256_shuffle_epi8(second, both(SPREAD[1]));
    let third = _mm256_shuffle_epi8(third, both(SPREAD[2]));
    [
        every_third(first, second, third),
        every_third(second, third, first),
        every_third(third, first, second),
    ]
}

/// In each half, the bytes whose place's rest by 3 is 0 from `a`, 1 from `b` and 2 from `c`.
#[inline]
#[target_feature(enable = "avx2")]
fn every_third(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_blendv_epi8(_mm256_blendv_epi8(a, b, both(REST[1])), c, both(REST[2]))
}

/// Where each of sixteen bytes of plane `phase` lies within its half.
const fn gather(phase: usize) -> [u8; 16] {
    let mut places = [0; 16];
    let mut byte = 0;
    while byte < 16 {
        places[byte] = ((3 * byte + phase) % 16) as u8;
        byte += 1;
    }
    places
}

/// The other way: which byte of plane `phase` lies at each place.
const fn spread(phase: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut byte = 0;
    while byte < 16 {
        bytes[(3 * byte + phase) % 16] = byte as u8;
        byte += 1;
    }
    bytes
}

/// Sets the places whose rest by 3 is `rest`.
const fn mask(rest: usize) -> [u8; 16] {
    let mut places = [0; 16];
    let mut at = rest;
    while at < 16 {
        places[at] = 0x80;
        at += 3;
    }
    places
}

const GATHER: [[u8; 16]; 3] = [gather(0), gather(1), gather(2)];
const SPREAD: [[u8; 16]; 3] = [spread(0), spread(1), spread(2)];
const REST: [[u8; 16]; 3] = [mask(0), mask(1), mask(2)];
