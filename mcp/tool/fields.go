package tool

import (
	"reflect"
	"strings"
)

// fieldsOf are the JSON names of a value's fields at any depth, to find the
// one a caller meant.
func fieldsOf(value any) []string {
	var names []string
	seen := map[reflect.Type]bool{}
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			visit(t.Elem())
		case reflect.Struct:
			if seen[t] {
				return
			}
			seen[t] = true
			for field := range t.Fields() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				names = append(names, name)
				visit(field.Type)
			}
		}
	}
	visit(reflect.TypeOf(value))
	return names
}
