//! Every limit on both sides, over real sockets: below it all is well, past it
//! the peer is told, the number is counted, and nobody else notices.

mod sockets;
mod table;
mod times;
