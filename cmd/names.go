package cmd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"exeat/sandbox"
)

var (
	adjectives = []string{"amber", "brisk", "calm", "clear", "crisp", "early", "fair", "firm", "fond", "keen", "kind", "late", "lucid", "mild", "neat", "plain", "prime", "proud", "quiet", "rapid", "sharp", "slow", "stark", "still", "sunny", "swift", "tame", "terse", "tidy", "vivid", "warm", "wry"}
	animals    = []string{"adder", "badger", "bison", "crane", "curlew", "dunlin", "egret", "falcon", "finch", "gannet", "hare", "heron", "ibis", "jackdaw", "kestrel", "lark", "linnet", "marten", "merlin", "newt", "otter", "owl", "pipit", "plover", "raven", "robin", "seal", "shrew", "stoat", "swift", "tern", "wren"}
)

// pickName finds a name nobody has that is easy to say and to type.
func pickName(ctx context.Context, boxes *sandbox.Sandboxes) (string, error) {
	all, err := boxes.List(ctx)
	if err != nil {
		return "", err
	}
	taken := names(all, func(info sandbox.Info) string { return info.Name })
	for {
		name := adjectives[rand.IntN(len(adjectives))] + "-" + animals[rand.IntN(len(animals))]
		if len(taken) > len(adjectives)*len(animals)/2 {
			name = fmt.Sprintf("%s-%d", name, rand.IntN(1_000_000))
		}
		if !slices.Contains(taken, name) {
			return name, nil
		}
	}
}
