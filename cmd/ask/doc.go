// Package ask puts a question to the human at the terminal, and takes an answer from nowhere else.
//
// It opens /dev/tty itself: what comes on standard input may come from a
// script or an agent. A terminal proves no human (agents own pseudo-terminals);
// it only keeps a passphrase out of pipes, files and the command line.
package ask
