// Package websocket carries an upgraded connection and shows every message of the client to a judge before the server sees any of it.
//
// [Prepare] and [Check] look at the two halves of the upgrade (RFC 6455 section 4), a [Relay] carries the frames behind it. What
// leaves the relay is written anew: each header in its shortest form, each frame to the server under a fresh mask, each judged message
// as one frame. Judge and server cannot read the same bytes in two ways. Frames that are not judged and larger than a buffer pass in
// fragments, so that a close frame never has to wait for the end of a frame.
//
// Payloads of ping and pong frames, at most 125 bytes each, and the reasons in close frames pass unjudged, but through the
// filters of messages: a server that echoes a secret in one must not tell it to the client.
package websocket
