//! No kernel reads or writes a byte that is not its own: buffers end, or begin, at a page that
//! may not be touched.

// clippy.toml allows unwrap inside of #[test] functions only, and here all is a test.
#![allow(missing_docs, clippy::unwrap_used)]
// Guarded memory comes as a pointer.
#![allow(unsafe_code)]

use overshoot_core::{
    Chroma, Colour, Converter, Filter, Level, PixelOrder, Planes, Rows, Scratch, Settings, Size,
    Unpacker,
};

/// Readable and writeable pages between two that are neither.
struct Guarded {
    pages: region::Allocation,
    usable: usize,
}

#[derive(Clone, Copy)]
enum Edge {
    Begin,
    End,
}

impl Guarded {
    fn new(bytes: usize) -> Self {
        let page = region::page::size();
        let usable = bytes.max(1).next_multiple_of(page);
        let mut pages = region::alloc(usable + 2 * page, region::Protection::READ_WRITE).unwrap();
        let first = pages.as_mut_ptr::<u8>();
        // SAFETY: both pages are of this allocation, and nothing points into them.
        unsafe {
            region::protect(first, page, region::Protection::NONE).unwrap();
            let last = first.add(page + usable);
            region::protect(last, page, region::Protection::NONE).unwrap();
        }
        Self { pages, usable }
    }

    /// `len` bytes that touch one of the guards.
    fn slice(&mut self, len: usize, edge: Edge) -> &mut [u8] {
        assert!(len <= self.usable);
        let start = region::page::size()
            + match edge {
                Edge::Begin => 0,
                Edge::End => self.usable - len,
            };
        // SAFETY: the bytes lie between the guards, and are borrowed from `self`.
        unsafe { std::slice::from_raw_parts_mut(self.pages.as_mut_ptr::<u8>().add(start), len) }
    }

    fn filled(&mut self, len: usize, edge: Edge) -> &[u8] {
        let slice = self.slice(len, edge);
        for (index, byte) in slice.iter_mut().enumerate() {
            *byte = ((index * 31) >> 1) as u8;
        }
        slice
    }
}

/// Rows of `len` bytes, `stride` apart, of a buffer that ends with the last of them.
struct Strided<'a> {
    bytes: &'a [u8],
    len: usize,
    stride: usize,
    rows: usize,
}

impl Strided<'_> {
    fn bytes(len: usize, stride: usize, rows: usize) -> usize {
        stride * (rows - 1) + len
    }
}

impl Rows for Strided<'_> {
    fn count(&self) -> usize {
        self.rows
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.bytes[y * self.stride..][..self.len]
    }
}

const EDGES: [Edge; 2] = [Edge::Begin, Edge::End];
const ORDERS: [PixelOrder; 3] = [PixelOrder::Bgr, PixelOrder::Rgba, PixelOrder::Gray];

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_available())
}

#[test]
fn conversions_stay_within_their_buffers() {
    let (mut source, mut planes) = (Guarded::new(1 << 16), Guarded::new(1 << 18));
    let mut scratch = Scratch::default();
    for width in 1..=67 {
        for (order, padding) in ORDERS.into_iter().zip([width % 5, 1, 3]) {
            let from = Size::new(width, 1 + width % 6).unwrap();
            let (len, stride) = (from.row_len(order), from.row_len(order) + padding);
            let bytes = Strided::bytes(len, stride, from.height());
            let targets = [
                (width, from.height()),
                (1 + width * 2 / 3, 4),
                (1 + width / 4, 3),
                (2 * width + 1, 5),
                (300 - width, 2),
            ];
            for (columns, rows) in targets {
                let to = Size::new(columns, rows).unwrap();
                for filter in [Filter::Bilinear, Filter::Area] {
                    let settings = Settings {
                        order,
                        filter,
                        ..Settings::default()
                    };
                    for level in levels() {
                        let converter = Converter::with_level(from, to, settings, level);
                        for edge in EDGES {
                            let bytes = source.filled(bytes, edge);
                            let rows = Strided {
                                bytes,
                                len,
                                stride,
                                rows: from.height(),
                            };
                            let planes = planes.slice(to.i420_len(), edge);
                            converter.convert(&rows, &mut scratch, planes).unwrap();
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn unpacking_stays_within_its_buffers() {
    let mut guarded = [(); 5].map(|()| Guarded::new(1 << 16));
    for width in 1..=140 {
        let size = Size::new(width, 1 + width % 4).unwrap();
        let half = size.chroma();
        for order in [PixelOrder::Bgr, PixelOrder::Rgba] {
            for level in levels() {
                let unpacker = Unpacker::with_level(size, order, Colour::default(), level).unwrap();
                for edge in EDGES {
                    let [y, u, v, uv, pixels] = &mut guarded;
                    let pixels = pixels.slice(unpacker.packed_len(), edge);
                    let strided = |guarded, len: usize, rows| {
                        let stride = len + width % 3;
                        let bytes = Strided::bytes(len, stride, rows);
                        let bytes = Guarded::filled(guarded, bytes, edge);
                        Strided {
                            bytes,
                            len,
                            stride,
                            rows,
                        }
                    };
                    let y = strided(y, width, size.height());
                    let v = strided(v, half.width(), half.height());
                    let interleaved = strided(uv, 2 * half.width(), half.height());
                    let u = strided(u, half.width(), half.height());
                    let layouts = [
                        Chroma::Interleaved(&interleaved),
                        Chroma::Planar { u: &u, v: &v },
                    ];
                    for chroma in layouts {
                        unpacker.convert(Planes { y: &y, chroma }, pixels).unwrap();
                    }
                }
            }
        }
    }
}
