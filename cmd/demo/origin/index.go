package origin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
)

// index serves one package, widget 1.0.0, as npm's registry and as Python's (PEP 503).
func index(mux *http.ServeMux) {
	tarball, wheel := npmPackage(), pythonWheel()
	mux.HandleFunc("GET /npm/widget", func(w http.ResponseWriter, r *http.Request) {
		sum := sha512.Sum512(tarball)
		answer(w, map[string]any{"name": "widget", "dist-tags": map[string]string{"latest": "1.0.0"}, "versions": map[string]any{
			"1.0.0": map[string]any{"name": "widget", "version": "1.0.0", "dist": map[string]string{
				"tarball":   "https://" + r.Host + "/npm/widget/-/widget-1.0.0.tgz",
				"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:]),
			}},
		}})
	})
	mux.HandleFunc("GET /npm/widget/-/widget-1.0.0.tgz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(tarball) })
	mux.HandleFunc("GET /pip/widget/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!DOCTYPE html><a href="/pip/files/widget-1.0.0-py3-none-any.whl">widget-1.0.0-py3-none-any.whl</a>`)
	})
	mux.HandleFunc("GET /pip/files/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wheel) })
}

// npmPackage is a gzipped tar with everything below "package".
func npmPackage() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, f := range [][2]string{{"package.json", `{"name":"widget","version":"1.0.0"}`}, {"index.js", "module.exports = 'a widget'\n"}} {
		_ = t.WriteHeader(&tar.Header{Name: "package/" + f[0], Mode: 0o644, Size: int64(len(f[1]))})
		_, _ = t.Write([]byte(f[1]))
	}
	_, _ = t.Close(), z.Close()
	return b.Bytes()
}

// pythonWheel is a zip with a module and its metadata (PEP 427).
func pythonWheel() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const info = "widget-1.0.0.dist-info/"
	for _, f := range [][2]string{
		{"widget.py", "NAME = 'a widget'\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: widget\nVersion: 1.0.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: exeat\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "widget.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		w, _ := z.Create(f[0])
		_, _ = w.Write([]byte(f[1]))
	}
	_ = z.Close()
	return b.Bytes()
}
