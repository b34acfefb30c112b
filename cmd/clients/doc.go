// Package clients runs ordinary programs in a sandbox of the unmodified binary, against an origin that speaks every protocol, and reads what they print.
package clients
