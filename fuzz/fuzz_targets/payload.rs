//! libFuzzer's way to `pixeldrive_fuzz::payload`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: pixeldrive_fuzz::tell(), |bytes: &[u8]| pixeldrive_fuzz::payload(bytes));
