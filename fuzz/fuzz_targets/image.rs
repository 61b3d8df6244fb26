//! libFuzzer's way to `pixeldrive_fuzz::image`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: pixeldrive_fuzz::tell(), |bytes: &[u8]| pixeldrive_fuzz::image(bytes));
