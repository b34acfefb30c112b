package policy

import _ "embed"

//go:embed default.yaml
var defaultText []byte

// Default is the policy of a sandbox for which none is named, with its comments.
func Default() []byte { return append([]byte(nil), defaultText...) }
