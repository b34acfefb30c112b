// Package limits knows how much of a machine a sandbox may use, and writes sizes as people do.
package limits
