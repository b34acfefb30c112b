package origin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// rest serves what a request and one answer can be.
func rest(mux *http.ServeMux) {
	mux.HandleFunc("/rest/json", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]string{"method": r.Method, "protocol": r.Proto, "query": r.URL.RawQuery})
	})
	mux.HandleFunc("/rest/secret/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "nobody may read this") })
	mux.HandleFunc("GET /rest/range", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "digits.txt", time.Time{}, bytes.NewReader([]byte("0123456789")))
	})
	mux.HandleFunc("/rest/204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /rest/304", notModified)
	mux.HandleFunc("GET /rest/gzip", gzipped)
	mux.Handle("GET /rest/redirect", http.RedirectHandler("/rest/json?redirected", http.StatusFound))
	mux.Handle("GET /rest/away", http.RedirectHandler("https://away.example.com/rest/json", http.StatusFound))
	mux.HandleFunc("GET /rest/large/{bytes}", large)
	mux.HandleFunc("/rest/upload", upload)
	mux.HandleFunc("/rest/too-large", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this origin takes no uploads", http.StatusRequestEntityTooLarge) // without reading: a 100 is never sent
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func notModified(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"one"`)
	if r.Header.Get("If-None-Match") == `"one"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprintln(w, "new")
}

// gzipped answers compressed whatever the client accepts, as static files do that exist in one form only.
func gzipped(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	fmt.Fprintln(z, "it was compressed")
	_ = z.Close()
}

// large sends that many bytes and names their digest in a trailer (RFC 9110 6.5).
func large(w http.ResponseWriter, r *http.Request) {
	left, err := strconv.Atoi(r.PathValue("bytes"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Trailer", "X-Digest")
	digest, piece := sha256.New(), bytes.Repeat([]byte("exeat and "), 6<<10)
	for left > 0 {
		n, err := io.MultiWriter(digest, w).Write(piece[:min(left, len(piece))])
		if err != nil {
			return
		}
		left -= n
	}
	w.Header().Set("X-Digest", fmt.Sprintf("%x", digest.Sum(nil)))
}

// upload says what arrived, and the trailers that came behind it.
func upload(w http.ResponseWriter, r *http.Request) {
	digest := sha256.New()
	n, err := io.Copy(digest, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, map[string]any{
		"bytes": n, "sha256": fmt.Sprintf("%x", digest.Sum(nil)), "length": r.ContentLength, "trailer": r.Trailer.Get("X-Digest"),
	})
}
