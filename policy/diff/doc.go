// Package diff compares two policies: which requests change their answer, and how the text reads side by side.
package diff
