//! Bits written one after the other, the lowest first.

/// A buffer that grows by bits.
///
/// Up to 56 bits wait in a register; every spill writes eight bytes and keeps those that were whole.
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
    held: u64,
    count: u32,
}

impl Bits {
    /// Writes over what is in `bytes`, whose memory is used again.
    pub(super) fn over(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, held: 0, count: 0 }
    }

    /// Adds bits. At most 56 may wait for [`Bits::spill`].
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
    }

    /// Moves whole bytes out of the register, so that at most 7 bits wait.
    #[inline(always)]
    pub(super) fn spill(&mut self) {
        match self.bytes.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<8>) {
            Some(to) => *to = self.held.to_le_bytes(),
            None => self.grow(),
        }
        self.at += (self.count / 8) as usize;
        self.held >>= self.count & !7;
        self.count &= 7;
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize((self.at + 8).max(self.bytes.len() * 2).max(4096), 0);
        self.bytes[self.at..self.at + 8].copy_from_slice(&self.held.to_le_bytes());
    }

    /// Bits written so far.
    pub(super) fn position(&self) -> usize {
        self.at * 8 + self.count as usize
    }

    /// Bits of another buffer, from `start` up to `end`. Behind the last of them it has eight more bytes.
    #[inline(always)]
    pub(super) fn splice(&mut self, from: &[u8], start: usize, end: usize) {
        let mut at = start;
        self.spill();
        let lead = (8 - self.count) % 8;
        if end - at < 128 {
            self.splice_few(from, at, end);
            return;
        }
        self.splice_few(from, at, at + lead as usize);
        self.spill();
        at += lead as usize;
        // The output goes on at a whole byte now.
        let words = (end - at) / 64;
        if self.bytes.len() < self.at + words * 8 + 8 {
            self.bytes.resize((self.at + words * 8 + 8).max(self.bytes.len() * 2), 0);
        }
        let (byte, shift) = (at / 8, at % 8);
        let to = &mut self.bytes[self.at..self.at + words * 8];
        if shift == 0 {
            to.copy_from_slice(&from[byte..byte + words * 8]);
        } else {
            let (low, high) = (&from[byte..][..words * 8], &from[byte + 1..][..words * 8]);
            let words = low.as_chunks::<8>().0.iter().zip(high.as_chunks::<8>().0);
            for (to, (low, high)) in to.as_chunks_mut::<8>().0.iter_mut().zip(words) {
                let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
                *to = (low >> shift | high << (8 - shift)).to_le_bytes();
            }
        }
        self.at += words * 8;
        self.splice_few(from, at + words * 64, end);
    }

    /// The same, for few bits.
    #[inline(always)]
    pub(super) fn splice_few(&mut self, from: &[u8], start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let Some(bytes) = from.get(at / 8..).and_then(<[u8]>::first_chunk::<8>) else { return };
            let count = (end - at).min(56);
            let bits = u64::from_le_bytes(*bytes) >> (at % 8) & ((1 << count) - 1);
            #[expect(clippy::cast_possible_truncation, reason = "at most 56")]
            self.put(bits, count as u32);
            self.spill();
            at += count;
        }
    }

    /// Goes on at the next whole byte.
    pub(super) fn align(&mut self) {
        self.spill();
        if self.count > 0 {
            self.count = 8;
            self.spill();
        }
    }

    /// Whole bytes, after [`Bits::align`].
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.at);
        self.bytes.extend_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Goes on at a whole byte of a deflate stream, after a block with nothing in it.
    pub(super) fn flush(&mut self) {
        self.put(0b000, 3);
        self.align();
        self.bytes(&[0, 0, 0xff, 0xff]);
    }

    /// Ends a zlib stream: a last block with nothing in it, and the checksum.
    pub(super) fn close(&mut self, adler32: u32) {
        self.put(0b011, 10);
        self.align();
        self.bytes(&adler32.to_be_bytes());
    }

    /// What was written, and eight bytes more, as [`Bits::splice`] reads so many at a time.
    pub(super) fn finish_padded(self) -> Vec<u8> {
        [self.finish(), vec![0; 8]].concat()
    }

    /// What was written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes.truncate(self.at);
        self.bytes
    }
}
