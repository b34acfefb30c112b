package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mountedAt is where the object directories of the host are in a sandbox.
const mountedAt = "/exeat/objects"

// Mounted is where a sandbox finds object directory number i.
func Mounted(i int) string { return mountedAt + "/" + strconv.Itoa(i) }

// WriteOwn makes the sandbox's git directory in the new directory tree: HEAD,
// refs and origin as they are on the host, objects by reference, and nothing else
// of the host. The files are checked out later, by the git of the sandbox. For a
// caller who is root everything belongs to uid and gid.
func (s *Source) WriteOwn(tree string, uid, gid int) error {
	var borrowed []string
	for i := range s.Objects {
		borrowed = append(borrowed, Mounted(i))
	}
	head := s.Base
	if s.Branch != "" {
		head = "ref: " + s.Branch
	}
	files := map[string]string{"HEAD": head + "\n", "config": s.config(), "packed-refs": string(packed(s.Refs))}
	if err := write(filepath.Join(tree, ".git"), files, borrowed); err != nil || os.Geteuid() != 0 {
		return err
	}
	return filepath.WalkDir(tree, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	})
}

func (s *Source) config() string {
	text := format(s.Format) + "[core]\n\tbare = false\n\tlogallrefupdates = true\n"
	if s.Origin != "" {
		text += "[remote \"origin\"]\n\turl = \"" + s.Origin + "\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
	}
	if s.Upstream != "" {
		text += "[branch " + quoted(strings.TrimPrefix(s.Branch, "refs/heads/")) + "]\n\tremote = origin\n\tmerge = \"" + s.Upstream + "\"\n"
	}
	return text
}

// quoted is a subsection's name as git-config(1) reads it back; git lets no
// backslash or control character into the name of a ref.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `\"`) + `"` }

// format is what git-config(1) calls extensions.objectFormat.
func format(name string) string {
	if name == "sha256" {
		return "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
	}
	return "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n"
}

// WriteRefs keeps the refs as a sandbox started with them, for [Scratch].
func (s *Source) WriteRefs(file string) error {
	return os.WriteFile(file, packed(s.Refs), 0o600)
}

// scratchConfig makes git check all it takes, run nothing, and keep little in memory.
const scratchConfig = `[core]
	bare = true
	bigFileThreshold = 64m
	packedGitLimit = 1g
	packedGitWindowSize = 64m
	quotePath = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	fsmonitor = false
	fsync = none
[transfer]
	fsckObjects = true
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	threads = 2
`

// Scratch makes a bare repository in the new directory dir that borrows the host's
// objects and knows the refs that WriteRefs kept in file. What a sandbox made is
// unpacked into it, and only there. The caller removes it.
func Scratch(dir, file, objectFormat string, objects []string) (Git, error) {
	refs, err := os.ReadFile(file)
	if err != nil {
		return Git{}, fmt.Errorf("refs of sandbox: %w", err)
	}
	files := map[string]string{"HEAD": "ref: refs/exeat/none\n", "config": format(objectFormat) + scratchConfig, "packed-refs": string(refs)}
	return scratchGit(dir), write(dir, files, objects)
}

// write makes a git directory (gitrepository-layout(5)).
func write(dir string, files map[string]string, borrowed []string) error {
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return fmt.Errorf("git directory: %w", err)
		}
	}
	files["objects/info/alternates"] = ""
	for _, path := range borrowed {
		files["objects/info/alternates"] += alternate(path) + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("git directory: %w", err)
		}
	}
	return nil
}

// alternate quotes a path that git would read otherwise.
func alternate(path string) string {
	if strings.ContainsAny(path, "\n\"") || strings.HasPrefix(path, "#") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
	}
	return path
}
