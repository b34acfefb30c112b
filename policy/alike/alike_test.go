package alike_test

import (
	"testing"

	"exeat/policy/alike"
)

func TestParameter(t *testing.T) {
	for _, key := range []string{
		"_method", "_METHOD", " _method", "\t \n_method", ".method", " .Method", "[_method]", "_method]", "][_method", "[ _method ]", "_method\x00x", "_method[]", "_method[a][b]", "_method[", "_method.",
	} {
		if got := alike.Parameter(key); got != "_method" {
			t.Errorf("%q is %q", key, got)
		}
	}
	for key, want := range map[string]string{
		"": "", "method": "method", "a_b": "a_b", "a.b": "a_b", "a[b": "a_b", "a[b]": "a", "a-b": "a-b", "\x00a": "", "[]": "", "[method": "method", "page[size]x": "page",
	} {
		if got := alike.Parameter(key); got != want {
			t.Errorf("%q is %q, want %q", key, got, want)
		}
	}
}

func TestPart(t *testing.T) {
	for key, want := range map[string]string{
		"page[size]": "size", "page[ Size ]x": "size", "page[size][]": "size", "page.[size]": "size", "page[size": "size", "page": "", "page[]": "",
	} {
		if got := alike.Part(key); got != want {
			t.Errorf("%q has the part %q, want %q", key, got, want)
		}
	}
}

func TestField(t *testing.T) {
	for _, name := range []string{"X-Api-Key", "x_api-key", "X_API_KEY"} {
		if got := alike.Field(name); got != "x-api-key" {
			t.Errorf("%q is %q", name, got)
		}
	}
}
