// Package live holds the policy in force and swaps it whole.
package live
