package approvals

import (
	"errors"
	"testing"

	"exeat/policy"
)

// A candidate that no supervisor could load is refused before anybody is asked to sign it.
func TestCandidateCompiles(t *testing.T) {
	broken := &policy.Policy{Version: 1, Blocks: []policy.Block{{
		Key:       "a",
		Endpoints: []policy.Endpoint{{Host: "a.example", Ports: []int{443}, Protocol: policy.REST, Rules: []policy.Match{{Method: "GET", Path: "/a**"}}}},
		Binaries:  []policy.Binary{{Path: "/usr/bin/git"}},
	}}}
	var refused *Error
	if err := compiles(broken); !errors.As(err, &refused) || refused.Code != CodeInvalid {
		t.Errorf("got %v", err)
	}
	broken.Blocks[0].Endpoints[0].Rules[0].Path = "/a/**"
	if err := compiles(broken); err != nil {
		t.Error(err)
	}
}
