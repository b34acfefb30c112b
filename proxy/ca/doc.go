// Package ca holds a sandbox's certificate authority and mints the certificates the proxy shows to it.
//
// The authority's key lives in the memory of the process that made it and is never written down: a
// sandbox that starts again gets a new authority. Leaves are minted on demand, one per name, with keys
// of their own, and are kept in a bounded cache.
package ca
