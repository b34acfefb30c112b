package origin

import (
	"fmt"
	"net/http"
	"time"
)

// pause is between the pieces of a stream: long enough to tell one that flows from one that was held back.
const pause = 50 * time.Millisecond

const pieces = 5

// streams serves answers that come in pieces.
func streams(mux *http.ServeMux) {
	mux.HandleFunc("GET /rest/events", stream("text/event-stream", "event: tick\ndata: {\"tick\": %d}\n\n"))
	mux.HandleFunc("GET /rest/ndjson", stream("application/x-ndjson", "{\"tick\": %d}\n"))
	mux.HandleFunc("GET /rest/cut", func(w http.ResponseWriter, r *http.Request) {
		stream("text/plain", "piece %d\n")(w, r)
		panic(http.ErrAbortHandler) // the answer never ends properly
	})
}

func stream(kind, format string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		for i := range pieces {
			if i > 0 {
				time.Sleep(pause)
			}
			fmt.Fprintf(w, format, i)
			_ = http.NewResponseController(w).Flush()
		}
	}
}
