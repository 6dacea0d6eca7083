use proptest::prelude::*;

use super::*;
use crate::testing::{entries, file_of};

const FIRST: u64 = 5 * POSITION_STEP + 7;

/// That what is read of `bytes` is a beginning of `written`, and its length.
fn beginning(bytes: Vec<u8>, written: &[Entry]) -> usize {
    let contents = read(FIRST, &bytes.into());
    let len = contents.entries.len();
    assert_eq!(contents.entries, written[..len]);
    len
}

#[test]
fn the_bytes_of_version_one_are_these() {
    let mut file = Vec::new();
    put_header(7, &mut file);
    put_entry(7, b"abc", &mut file).unwrap();
    let mut expected = b"skywave\x01\0\0\0\0\0\0\0\x07".to_vec();
    expected.extend(crc32fast::hash(&expected).to_be_bytes());
    let crc = crc32fast::hash(b"\0\0\0\0\0\0\0\x07\0\0\0\x03abc");
    expected.extend([0, 0, 0, 3]);
    expected.extend(crc.to_be_bytes());
    expected.extend(b"abc");
    assert_eq!(file, expected);
    let contents = read(7, &file.clone().into());
    assert_eq!(contents.valid_len, file.len());
    assert_eq!(contents.entries, [Entry { position: 7, payload: Bytes::from_static(b"abc") }]);
}

#[test]
fn entries_are_slices_of_the_file() {
    let file = Bytes::from(file_of(FIRST, &entries(FIRST, &[10, 20])));
    for entry in read(FIRST, &file).entries {
        assert!(file.as_ptr_range().contains(&entry.payload.as_ptr()));
    }
}

#[test]
fn a_file_torn_at_any_byte_gives_its_whole_entries() {
    let written = entries(FIRST, &[30, 1, 50, 9]);
    let whole = file_of(FIRST, &written);
    let mut given = Vec::new();
    for len in 0..=whole.len() {
        given.push(beginning(whole[..len].to_vec(), &written));
    }
    assert!(given.is_sorted());
    assert_eq!(given.last(), Some(&4));
    let end_of =
        |count: usize| HEADER_LEN + written[..count].iter().map(size_of_entry).sum::<usize>();
    for count in 1..=4 {
        assert_eq!((given[end_of(count) - 1], given[end_of(count)]), (count - 1, count));
    }
}

fn size_of_entry(entry: &Entry) -> usize {
    ENTRY_HEAD_LEN + entry.payload.len()
}

#[test]
fn no_flipped_bit_gives_a_wrong_entry() {
    let written = entries(FIRST, &[30, 1, 50, 9]);
    let whole = file_of(FIRST, &written);
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << bit;
            assert!(beginning(flipped, &written) < written.len(), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn zeroes_give_nothing() {
    let written = entries(FIRST, &[30, 40]);
    let whole = file_of(FIRST, &written);
    let zeroed = |from: usize| {
        let mut file = whole.clone();
        file[from..].fill(0);
        beginning(file, &written)
    };
    assert_eq!(zeroed(0), 0);
    assert_eq!(zeroed(HEADER_LEN), 0);
    assert_eq!(zeroed(HEADER_LEN + ENTRY_HEAD_LEN + 30), 1);
    let mut longer = whole.clone();
    longer.resize(4_096, 0);
    assert_eq!(beginning(longer, &written), 2);
}

#[test]
fn an_entry_counts_in_its_own_place_alone() {
    let first = file_of(FIRST, &entries(FIRST, &[30]));
    let entry = first[HEADER_LEN..].to_vec();
    let twice = [first, entry].concat();
    assert_eq!(read(FIRST, &twice.into()).entries, entries(FIRST, &[30]));
}

#[test]
fn a_file_under_another_name_gives_nothing() {
    let file = Bytes::from(file_of(FIRST, &entries(FIRST, &[30])));
    assert_eq!(read(FIRST + 1, &file), Contents { entries: Vec::new(), valid_len: 0 });
}

#[test]
fn another_version_gives_nothing() {
    let mut file = file_of(FIRST, &entries(FIRST, &[30]));
    file[7] = 2;
    let crc = crc32fast::hash(&file[..16]).to_be_bytes();
    file[16..20].copy_from_slice(&crc);
    assert_eq!(read(FIRST, &file.into()).entries, []);
}

#[test]
fn an_entry_has_from_one_byte_to_64_kib() {
    let mut out = Vec::new();
    assert_eq!(put_entry(FIRST, &[], &mut out), None);
    assert_eq!(put_entry(FIRST, &vec![0; ENTRY_LEN_MAX + 1], &mut out), None);
    assert_eq!(out, []);
    let longest = entries(FIRST, &[ENTRY_LEN_MAX, 1]);
    assert_eq!(read(FIRST, &file_of(FIRST, &longest).into()).entries, longest);
    // A length above it is not believed, however many bytes there are.
    let mut longer = file_of(FIRST, &[]);
    let len = u32::try_from(ENTRY_LEN_MAX + 1).unwrap();
    longer.put_u32(len);
    longer.put_u32(crc(FIRST, len, &vec![0; ENTRY_LEN_MAX + 1]));
    longer.put_bytes(0, ENTRY_LEN_MAX + 1);
    assert_eq!(beginning(longer, &[]), 0);
}

#[test]
fn a_file_does_not_reach_over_a_step_of_positions() {
    let first = 6 * POSITION_STEP - 2;
    let written = entries(first, &[5, 5, 5]);
    let file = Bytes::from(file_of(first, &written));
    let contents = read(first, &file);
    assert_eq!(contents.entries, written[..2]);
    assert_eq!(contents.valid_len, file.len() - ENTRY_HEAD_LEN - 5);
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), first in any::<u64>(),
    ) {
        let _ = read(first, &bytes.clone().into());
        let behind_header = [file_of(FIRST, &[]), bytes].concat();
        prop_assert!(read(FIRST, &behind_header.into()).valid_len >= HEADER_LEN);
    }

    #[test]
    fn damage_of_any_kind_gives_a_beginning(
        lens in proptest::collection::vec(1_usize..100, 1..8),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let written = entries(FIRST, &lens);
        let mut file = file_of(FIRST, &written);
        for (place, byte) in damage {
            *place.get_mut(&mut file) = byte;
        }
        beginning(file, &written);
    }
}
