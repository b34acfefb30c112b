package rpc_test

import (
	"testing"

	"exeat/proxy/rpc"
)

// Only what every server reads as JSON in UTF-8 is read.
func TestCheckType(t *testing.T) {
	for contentType, ok := range map[string]bool{
		"application/json":                                       true,
		"Application/JSON; charset=UTF-8":                        true,
		"application/json-rpc":                                   true,
		"application/json; charset=utf-7":                        false, // aiohttp decodes by it
		"application/json; charset=hz-gb-2312":                   false,
		"application/json; charset*=utf-7''utf-7":                false, // so do it and Django
		"application/json; charset*1=utf-7":                      false,
		"application/json; charset=utf-8; charset*=utf-7''utf-7": false,
		"application/json; boundary=x":                           false,
		"application/json; charset=utf-8; x=form":                false,
		"application/x-www-form-urlencoded":                      false,
		"text/plain":                                             false,
		"application/json, text/plain":                           false,
		"":                                                       false,
	} {
		if err := rpc.CheckType(contentType); (err == nil) != ok {
			t.Errorf("%q: %v", contentType, err)
		}
	}
}
