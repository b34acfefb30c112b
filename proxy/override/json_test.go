package override_test

import "encoding/json"

// memberOf is what Go reads as the method that a JSON object asks for.
func memberOf(body string) []string {
	var object map[string]any
	if json.Unmarshal([]byte(body), &object) != nil {
		return nil
	}
	if s, ok := object["_method"].(string); ok {
		return []string{s}
	}
	return nil
}
