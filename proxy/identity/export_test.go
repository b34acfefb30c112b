package identity

// Records returns how many sockets are on record.
func (w *Watcher) Records() int {
	w.records.mu.Lock()
	defer w.records.mu.Unlock()
	return len(w.records.byCookie)
}

// HoldReading keeps executables from being read until the returned function is called.
func (w *Watcher) HoldReading() (release func()) {
	w.content.systems <- struct{}{}
	w.content.others <- struct{}{}
	return func() { <-w.content.systems; <-w.content.others }
}
