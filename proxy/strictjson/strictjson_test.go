package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/strictjson"
)

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", strictjson.MaxDepth+1) + strings.Repeat("]", strictjson.MaxDepth+1)
	for name, row := range map[string]struct {
		text   string
		offset int
		reason string
	}{
		"nothing":                        {"", 0, "a value is missing"},
		"only space":                     {" \n", 2, "a value is missing"},
		"byte order mark":                {"\uFEFF{}", 0, "byte order mark"},
		"second value":                   {`{} {}`, 3, "something follows the value"},
		"garbage after":                  {`1x`, 0, "neither a number"},
		"NUL after":                      {"{}\x00", 2, "something follows the value"},
		"comment":                        {`{/**/"a":1}`, 1, "a key in double quotes is missing"},
		"key twice":                      {`{"a":1,"b":2,"a":3}`, 13, `the key "a" stands twice`},
		"key twice, once escaped":        {`{"query":1,"\u0071uery":2}`, 11, `the key "query" stands twice`},
		"key twice, deep inside":         {`[{"x":{"a":1,"a":1}}]`, 13, `the key "a" stands twice`},
		"case twins":                     {`{"query":1,"Query":2}`, 11, `the keys "query" and "Query" are the same`},
		"twin by the Kelvin sign":        {"{\"ok\":1,\"o\u212a\":2}", 8, "are the same"},
		"twin by the long s":             {"{\"ids\":1,\"id\u017f\":2}", 9, "are the same"},
		"twins beyond ASCII":             {`{"é":1,"É":2}`, 8, "are the same"},
		"NUL in a key":                   {`{"a\u0000":1}`, 1, "NUL"},
		"invalid UTF-8":                  {"[\"a\xff\"]", 3, "is not UTF-8"},
		"overlong UTF-8":                 {"\"\xc0\xaf\"", 1, "is not UTF-8"},
		"surrogate as UTF-8":             {"\"\xed\xa0\x80\"", 1, "is not UTF-8"},
		"invalid UTF-8 in a key":         {"{\"\xff\":1}", 2, "is not UTF-8"},
		"high surrogate alone":           {`"\ud83d"`, 1, "half a surrogate pair"},
		"high surrogate before a letter": {`"\ud83d\u0041"`, 1, "half a surrogate pair"},
		"low surrogate alone":            {`["a\ude00"]`, 3, "half a surrogate pair"},
		"surrogates the wrong way round": {`"\ude00\ud83d"`, 1, "half a surrogate pair"},
		"unknown escape":                 {`"\x41"`, 1, "a backslash begins no escape"},
		"escape cut short":               {`"\u00"`, 1, "a backslash begins no escape"},
		"escape with a sign":             {`"\u+041"`, 1, "a backslash begins no escape"},
		"escape with an underscore":      {`"\u0_41"`, 1, "a backslash begins no escape"},
		"string without an end":          {`["a`, 1, "a string has no end"},
		"string that ends in backslash":  {`"a\`, 2, "a backslash begins no escape"},
		"newline in a string":            {"\"a\nb\"", 2, "a control character"},
		"single quotes":                  {`{'a':1}`, 1, "a key in double quotes"},
		"bare key":                       {`{a:1}`, 1, "a key in double quotes"},
		"comma after the last field":     {`{"a":1,}`, 7, "a key in double quotes"},
		"comma after the last element":   {`[1,]`, 3, "a value is missing"},
		"no colon":                       {`{"a" 1}`, 5, "the ':' after a key is missing"},
		"no comma in an object":          {`{"a":1 "b":2}`, 7, "a ',' or the '}'"},
		"no comma in an array":           {`[1 2]`, 3, "a ',' or the ']'"},
		"array without an end":           {`[1`, 2, "a ',' or the ']'"},
		"object without an end":          {`{"a":1`, 6, "a ',' or the '}'"},
		"one level too many":             {deep, strictjson.MaxDepth, "more than 64"},
		"a hundred thousand levels":      {strings.Repeat(`{"a":[`, 50_000), 6 * 32, "more than 64"},
		"leading zero":                   {`01`, 0, "neither a number"},
		"plus":                           {`+1`, 0, "neither a number"},
		"hexadecimal":                    {`0x10`, 0, "neither a number"},
		"infinity":                       {`[-Infinity]`, 1, "neither a number"},
		"not a number":                   {`NaN`, 0, "neither a number"},
		"literal in another case":        {`True`, 0, "neither a number"},
		"space that is not JSON's":       {"\u00a01", 0, "neither a number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictjson.Parse([]byte(row.text))
			var at *strictjson.Error
			if !errors.As(err, &at) {
				t.Fatalf("Parse(%.60q): %v, want an error about %q", row.text, err, row.reason)
			}
			if at.Offset != row.offset || !strings.Contains(at.Reason, row.reason) {
				t.Errorf("Parse(%.60q): %v\nwant byte %d: %s", row.text, err, row.offset, row.reason)
			}
		})
	}
}

func TestParseReads(t *testing.T) {
	deepest := strings.Repeat("[", strictjson.MaxDepth) + strings.Repeat("]", strictjson.MaxDepth)
	for name, text := range map[string]string{
		"all kinds":         `{"a":[null,true,false,"x",-1.5e+3,{}],"b":{"c":[]}}`,
		"all escapes":       `"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\u0000"`,
		"space everywhere":  " { \"a\" : [ 1 ,\t2 ]\r\n, \"b\" : null } ",
		"a scalar":          `7`,
		"empty key":         `{"":1}`,
		"deepest":           deepest,
		"same key in two":   `[{"a":1},{"a":{"a":2}}]`,
		"replacement char":  `"\ufffd ` + "\uFFFD" + `"`,
		"number too large":  `[1e999,123456789012345678901234567890]`,
		"mark inside":       "\"\uFEFF\"",
		"sharp s and its s": `{"ß":1,"ss":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			value, err := strictjson.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, []byte(text), value)
		})
	}
}

func TestValue(t *testing.T) {
	v, err := strictjson.Parse([]byte(`{"z":"text","a":[1,2.50],"m":true,"Method":null,"o":{"in":"ner"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for key := range v.Object() {
		keys = append(keys, key)
	}
	if diff := cmp.Diff([]string{"z", "a", "m", "Method", "o"}, keys); diff != "" {
		t.Errorf("keys are not in the order of the text:\n%s", diff)
	}
	if text, ok := v.Get("o").Get("in").Text(); text != "ner" || !ok {
		t.Errorf("chained Get: %q, %v", text, ok)
	}
	if kind := v.Get("nope").Get("in").Kind(); kind != strictjson.Absent {
		t.Errorf("a field of nothing is %s", kind)
	}
	if number, ok := v.Get("z").Number(); ok {
		t.Errorf("a string is the number %s", number)
	}
	if twin, found := v.Twin("id", "method"); twin != "Method" || !found {
		t.Errorf("Twin(method) = %q, %v", twin, found)
	}
	if twin, found := v.Twin("z", "Method"); found {
		t.Errorf("Twin finds %q, which is exact", twin)
	}
}

// FuzzParse holds Parse to encoding/json: what it accepts, that accepts as well and with the same value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{ a }","variables":{"x":[1,-2.5e3,"\ud83d\ude00",null,true]}}`,
		`{"a":1,"A":2}`, `"\ud800"`, "\"\xff\"", `[1,]`, `{"a":1} x`, `-0`, `1E400`, ` "\u0000" `, "\"\u2028\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		compare(t, data, value)
	})
}

// compare holds a value to what encoding/json makes of the text. It does not use cmp.Diff, which takes time
// exponential in the depth of slices.
func compare(t *testing.T, data []byte, value strictjson.Value) {
	t.Helper()
	var want any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil || !json.Valid(data) {
		t.Fatalf("Parse accepts what encoding/json refuses: %v", err)
	}
	if got := plain(value); !reflect.DeepEqual(want, got) {
		t.Errorf("encoding/json reads %v\nand Parse reads %v", want, got)
	}
}

// plain is a value in the types of encoding/json.
func plain(v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.Array:
		list := []any{}
		for element := range v.Array() {
			list = append(list, plain(element))
		}
		return list
	case strictjson.Object:
		fields := map[string]any{}
		for key, field := range v.Object() {
			fields[key] = plain(field)
		}
		return fields
	case strictjson.String:
		text, _ := v.Text()
		return text
	case strictjson.Number:
		number, _ := v.Number()
		return number
	case strictjson.Bool:
		value, _ := v.Bool()
		return value
	}
	return nil
}
