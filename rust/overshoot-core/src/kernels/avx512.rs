//! AVX-512 with byte permutations (F, BW, VL and VBMI): whole blocks; what is over, pixels of
//! other than three bytes where there is no resize, and averages go to AVX2.

use std::arch::x86_64::*;

use super::{Ahead, ChromaRow, Pair, PairMut, avx2};
use crate::PixelOrder;
use crate::colour::{Back, Forward};
use crate::taps::Octets;

mod bilinear;
mod packed;
mod plain;

pub(super) use bilinear::bilinear_pair;
pub(super) use packed::packed_pair;
pub(super) use plain::plain_pair;

/// Samples of blue, green and red.
type Colours = [__m512i; 3];

/// Quarters one, three, five, seven, and then the others: what packing two registers by halves
/// of lanes left interleaved.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn halves_apart(packed: __m512i) -> __m512i {
    _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the array is of 64 bytes.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}
