// Package seal signs policy revisions and checks their signatures.
//
// A revision is put in force only with a [Statement] that one of the sandbox's
// pinned approvers has signed. The statement names the sandbox, its place in
// the sequence, the statement before it, and digests of everything it gives
// authority to, so that it is good for one revision of one sandbox and nothing
// else. A supervisor checks it with a [Chain]; nothing a client claims is asked.
//
// The private key lies in a file, sealed under a passphrase ([Key]); it is
// open only as a [Signer], between the passphrase and Close. This package
// never reads a terminal.
package seal
