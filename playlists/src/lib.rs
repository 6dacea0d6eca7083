//! HLS playlists: the live window and its text. Sans-IO.
