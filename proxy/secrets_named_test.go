package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A field whose name repeats a secret is left out, before the body, behind it, and in what announces it.
func TestSecretsInNamesAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		name := "X-" + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		rw.Header().Set("Trailer", name+", X-Kept")
		rw.Header().Set("Early-"+name, "1")
		_, _ = rw.Write([]byte("body"))
		rw.Header().Set(name, "1")
		rw.Header().Set("X-Kept", "1")
		rw.Header().Set(http.TrailerPrefix+"Late-"+name, "1")
	})
	for name, client := range map[string]*http.Client{"h1": w.client(transparent), "h2": w.http2Client(transparent)} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain", nil)
		r.Header.Set("Authorization", "Bearer "+placeholder)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprint(resp.Header, resp.Trailer)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if all := strings.ToLower(before + fmt.Sprint(resp.Trailer)); strings.Contains(all, theSecret) || string(body) != "body" || resp.Trailer.Get("X-Kept") != "1" {
			t.Errorf("%s: %s %q", name, all, body)
		}
	}
}
