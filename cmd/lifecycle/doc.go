// Package lifecycle creates, loads, kills and deletes sandboxes of the unmodified binary by the hundred, and looks for what is left; `make lifecycle` prints the numbers.
package lifecycle
