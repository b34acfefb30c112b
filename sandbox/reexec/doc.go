// Package reexec starts this binary again as one of its own hidden commands and hands files down to it.
//
// The two processes talk over a [Conn]: JSON messages that can carry open
// files. A child that dies is read as the end of the connection (io.EOF), never
// as silence.
//
// Nothing reaches the child by accident. Every file it gets is named by the
// parent, and [Seal] keeps those a shell left open from travelling on.
package reexec
