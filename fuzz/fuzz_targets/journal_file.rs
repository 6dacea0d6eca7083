//! See [`fuzz_cases::journal_file`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::journal_file::run(data));
