// Package toolbox finds the programs and toolchains that a user installed below the home directory, and what of them a sandbox must see.
//
// A home directory holds keys beside programs, often in one directory:
// ~/.cargo/bin and ~/.cargo/credentials.toml. So nothing here names a directory
// because a program is in it. It names packages, versions and single files.
package toolbox
