//! How much of anything an operator may declare: every bound of a manifest.
//!
//! All are chosen, unless a line says where the number comes from.

/// Publishers in one catalogue.
pub const PUBLISHERS_MAX: usize = 1_000;
/// Ingests in one catalogue.
pub const INGESTS_MAX: usize = 2_000;
/// Egresses in one catalogue.
pub const EGRESSES_MAX: usize = 2_000;
/// Ingests of one egress.
pub const EGRESS_INGESTS_MAX: usize = 8;
/// Aliases of one egress.
pub const ALIASES_MAX: usize = 32;
/// Headers of one mount.
pub const HEADERS_MAX: usize = 16;

/// Bytes of a resource's name, as the contract has it.
pub const NAME_BYTES_MAX: usize = 63;
/// Bytes of one segment of a mount's path, as the contract has it.
pub const PATH_SEGMENT_BYTES_MAX: usize = 64;
/// Segments of a mount's path, as the contract has it.
pub const PATH_SEGMENTS_MAX: usize = 3;
/// Bytes of a publisher's title.
pub const TITLE_BYTES_MAX: usize = 200;
/// Bytes of `icy_name`.
pub const ICY_NAME_BYTES_MAX: usize = 200;
/// Bytes of `icy_description`.
pub const ICY_DESCRIPTION_BYTES_MAX: usize = 400;
/// Bytes of `icy_url`.
pub const ICY_URL_BYTES_MAX: usize = 400;
/// Bytes of `genre`.
pub const GENRE_BYTES_MAX: usize = 100;
/// Bytes of an encoder's user name.
pub const USER_BYTES_MAX: usize = 64;
/// Bytes of a time zone's name.
pub const TIMEZONE_BYTES_MAX: usize = 64;
/// Bytes of a URL that Skywave asks.
pub const LINK_BYTES_MAX: usize = 2_048;
/// Webhooks of one egress.
pub const WEBHOOKS_MAX: usize = 8;
/// Request headers that URL authentication passes on.
pub const AUTH_HEADERS_MAX: usize = 8;
/// Longest intro, milliseconds.
pub const INTRO_MS_MAX: u64 = 60_000;
/// Bytes of an intro's file: a minute of 512 kbit/s.
pub const INTRO_BYTES_MAX: u64 = 4 << 20;
/// Longest fallback, milliseconds.
pub const FALLBACK_MS_MAX: u64 = 600_000;
/// Bytes of a fallback's file: ten minutes of 320 kbit/s.
pub const FALLBACK_BYTES_MAX: u64 = 24 << 20;
/// Longest announcement, milliseconds.
pub const ANNOUNCEMENT_MS_MAX: u64 = 60_000;
/// Bytes of an announcement's file: a minute of 512 kbit/s.
pub const ANNOUNCEMENT_BYTES_MAX: u64 = 4 << 20;
/// Most bytes of any file that a manifest names.
pub const FILE_BYTES_MAX: u64 = FALLBACK_BYTES_MAX;
/// Bytes of a header's name.
pub const HEADER_NAME_BYTES_MAX: usize = 64;
/// Bytes of a header's value.
pub const HEADER_VALUE_BYTES_MAX: usize = 256;

/// Encodings of an egress: chosen, more than players' ladders have.
pub const ENCODINGS_MAX: usize = 8;

/// Quietest target of `loudness`, tenths of a LUFS: chosen, below what any rule asks for.
pub const LOUDNESS_TENTHS_MIN: i32 = -360;
/// Loudest target of `loudness`, tenths of a LUFS: chosen, above what any service asks for;
/// louder is a limiter's work alone.
pub const LOUDNESS_TENTHS_MAX: i32 = -90;
/// Lowest true peak of `loudness`, tenths of a dBTP (EBU R 128 s2 asks for -1, and for less
/// at low bit rates).
pub const TRUE_PEAK_TENTHS_MIN: i32 = -90;
/// True peak of `loudness` where none is given, tenths of a dBTP (EBU R 128).
pub const TRUE_PEAK_TENTHS_DEFAULT: i32 = -10;

/// Least bit rate, kbit/s: the lowest of MPEG-2 Layer III.
pub const BITRATE_KBPS_MIN: u64 = 8;
/// Greatest bit rate, kbit/s: AAC-LC at 6 bits a sample, two channels, 44.1 kHz.
pub const BITRATE_KBPS_MAX: u64 = 512;
/// Greatest bit rate of Layer III, kbit/s (ISO/IEC 11172-3 §2.4.2.3).
pub const MP3_BITRATE_KBPS_MAX: u32 = 320;
/// Least sampling rate, Hz: the lowest of MPEG-2.5 and of ADTS that is used.
pub const SAMPLE_RATE_HZ_MIN: u64 = 8_000;
/// Greatest sampling rate, Hz: the highest of ADTS (ISO/IEC 14496-3 table 1.18).
pub const SAMPLE_RATE_HZ_MAX: u64 = 96_000;

/// Shortest segment, milliseconds.
pub const SEGMENT_MS_MIN: u64 = 2_000;
/// Longest segment, milliseconds.
pub const SEGMENT_MS_MAX: u64 = 10_000;
/// Segment where none is given, milliseconds; it also decides which segment
/// lengths a rendition's id leaves out.
pub const SEGMENT_MS_DEFAULT: u64 = 6_000;
/// Shortest window, milliseconds.
pub const WINDOW_MS_MIN: u64 = 18_000;
/// Longest window, milliseconds.
pub const WINDOW_MS_MAX: u64 = 600_000;
/// Window where none is given, milliseconds.
pub const WINDOW_MS_DEFAULT: u64 = 60_000;
/// Least segments in a window, as the contract lists "never fewer than six".
pub const WINDOW_SEGMENTS_MIN: u64 = 6;
/// Longest burst, milliseconds.
pub const BURST_MS_MAX: u64 = 30_000;
/// Burst where none is given, milliseconds.
pub const BURST_MS_DEFAULT: u64 = 4_000;
/// Least bytes between two titles.
pub const METAINT_MIN: u64 = 1;
/// Most bytes between two titles.
pub const METAINT_MAX: u64 = 1_048_576;
/// Bytes between two titles where nothing is given, as Icecast has it.
pub const METAINT_DEFAULT: u32 = 16_000;
/// Most listeners of one mount on one node.
pub const LISTENERS_MAX: u64 = 1_000_000;
/// Longest hold, milliseconds: an hour.
pub const HOLD_MS_MAX: u64 = 3_600_000;
/// Hold where none is given, milliseconds.
pub const HOLD_MS_DEFAULT: u64 = 60_000;
/// Longest session limit, milliseconds: thirty days.
pub const SESSION_LIMIT_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// Longest DVR window, milliseconds: a week.
pub const DVR_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// Longest wait for the slower path, milliseconds.
pub const HOLD_BACK_MS_MAX: u64 = 30_000;
/// The same of several ingests where none is given, milliseconds: chosen, more than
/// two lines to one place differ by.
pub const HOLD_BACK_MS_DEFAULT: u64 = 3_000;

/// Networks that a geo-block of an egress leaves out.
pub const GEO_EXEMPT_MAX: usize = 64;

/// The level below which a frame is quiet, in dBFS.
pub const SILENCE_DBFS: f64 = -50.0;
/// Shortest silence after which a programme leaves a source, milliseconds: chosen,
/// longer than a speaker's pause.
pub const SILENCE_MS_MIN: u64 = 2_000;
/// The longest, milliseconds.
pub const SILENCE_MS_MAX: u64 = 600_000;

/// Bit rates of MPEG-1 Layer III, kbit/s (ISO/IEC 11172-3 §2.4.2.3).
pub const MPEG1_BITRATES_KBPS: [u32; 14] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// Bit rates of MPEG-2 and MPEG-2.5 Layer III, kbit/s (ISO/IEC 13818-3 §2.4.2.3).
pub const MPEG2_BITRATES_KBPS: [u32; 14] =
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Sampling rates of MPEG-1 Layer III, Hz.
pub const MPEG1_RATES_HZ: [u32; 3] = [32_000, 44_100, 48_000];
/// Sampling rates of MPEG-2 and MPEG-2.5 Layer III, Hz.
pub const MPEG2_RATES_HZ: [u32; 6] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000];
/// Sampling rates of ADTS, Hz (ISO/IEC 14496-3 table 1.18), the obsolete 7,350
/// left out.
pub const ADTS_RATES_HZ: [u32; 12] =
    [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];

/// Whether an average bit rate is the wanted one: within a tenth, which leaves
/// room for ADTS headers (4 % at 32 kbit/s) and a bit reservoir. Chosen.
pub(crate) fn is_near(wanted_bps: u64, got_bps: u64) -> bool {
    wanted_bps.abs_diff(got_bps) * 10 <= wanted_bps
}
