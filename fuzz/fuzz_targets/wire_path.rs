//! See [`fuzz_cases::wire_path`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::wire_path::run(data));
