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

    /// What was written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes.truncate(self.at);
        self.bytes
    }
}
