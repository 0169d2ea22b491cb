//! What is read next, asked for while the present rows are worked on.
#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, reason = "AVX2 alone asks for what is next")
)]

/// Bytes that one request brings.
const LINE: usize = 64;

/// Up to `ROWS` source rows that the next call will read (what more there are comes when it is
/// read), brought nearer step by step, as far as this one has come: a whole row at once would wait
/// for itself.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a, const ROWS: usize> {
    rows: [&'a [u8]; ROWS],
    /// The byte of each row up to which all was asked for.
    at: usize,
}

impl<'a, const ROWS: usize> Ahead<'a, ROWS> {
    /// Nothing is read next.
    pub(crate) const NONE: Self = Self {
        rows: [&[]; ROWS],
        at: usize::MAX,
    };

    /// The first few of `rows`. Fewer are asked for several times, which costs less than to
    /// count them.
    pub(crate) fn new(rows: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut rows = rows.peekable();
        let Some(&first) = rows.peek() else {
            return Self::NONE;
        };
        let mut ahead = Self {
            rows: [first; ROWS],
            at: 0,
        };
        for (slot, row) in ahead.rows.iter_mut().zip(rows) {
            *slot = row;
        }
        ahead
    }

    /// Asks for the rows' bytes up to `byte`.
    #[inline(always)]
    pub(super) fn fetch_to(&mut self, byte: usize) {
        while self.at < byte {
            for row in self.rows {
                fetch(row.as_ptr().wrapping_add(self.at));
            }
            self.at += LINE;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline(always)]
fn fetch(byte: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch is a hint: it reads nothing, and no address makes it fail.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(byte.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
fn fetch(_byte: *const u8) {}
