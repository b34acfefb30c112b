// Package http1 asks origins over pooled connections of HTTP/1.1, in the goroutine of whoever asks.
//
// net/http's Transport has two goroutines for each connection, so that it can send a body and read the
// answer at once. A request without a body needs neither: it is written, and then its answer is read. That
// saves the change between goroutines twice a request, which costs more than parsing both (docs/bench).
package http1
