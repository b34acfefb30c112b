package risk

import "strings"

// interpreters are programs that run what they are given: a grant to one is a
// grant to any script, and with descendants to any program.
var interpreters = map[string]bool{
	"sh": true, "bash": true, "dash": true, "zsh": true, "ksh": true, "fish": true, "busybox": true,
	"python": true, "node": true, "deno": true, "bun": true, "perl": true, "ruby": true, "php": true,
	"lua": true, "awk": true, "gawk": true, "mawk": true, "java": true, "tclsh": true, "expect": true,
	"env": true, "xargs": true, "find": true, "make": true, "npm": true, "npx": true, "yarn": true,
	"pnpm": true, "pip": true, "uv": true, "cargo": true, "go": true, "gdb": true, "vim": true, "ssh": true,
	"tmux": true, "screen": true, "nohup": true, "timeout": true, "setsid": true, "sudo": true, "tsx": true,
}

// isInterpreter looks at a program's name without its version: python3.12 is python.
func isInterpreter(name string) bool {
	return interpreters[strings.TrimRight(name, "0123456789.-*")]
}
