package policy

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

const (
	sandboxUser = "sandbox" // run_as_user and run_as_group where nothing else is said
	maxPaths    = 256       // in read_only and read_write together
	maxPath     = 4096      // bytes, as PATH_MAX of the kernel
)

func (w *walker) filesystem(fs *Filesystem) visit {
	return func(at place) {
		fs.IncludeWorkdir = false // as in OpenShell: true only where the section is absent
		before := map[string]string{}
		o := w.object(at, map[string]visit{
			"include_workdir": w.flag(&fs.IncludeWorkdir),
			"read_only":       w.paths(&fs.ReadOnly, "read_only", before),
			"read_write":      w.paths(&fs.ReadWrite, "read_write", before),
			"handoff":         w.handoff(&fs.Handoff),
		})
		if len(before) > maxPaths {
			w.fail(o.place, "name directories instead of what is in them",
				"%d paths are more than %d", len(before), maxPaths)
		}
	}
}

// paths reads a list of paths; before holds those already listed and where.
func (w *walker) paths(dst *[]string, list string, before map[string]string) visit {
	return func(at place) {
		w.list(at, func(item place) {
			raw, ok := w.scalar(item)
			if !ok || !w.path(item, raw) {
				return
			}
			clean := path.Clean(raw)
			if other, ok := before[clean]; ok {
				w.fail(item, "", "%s is already in %s", clean, other)
				return
			}
			before[clean] = list
			*dst = append(*dst, clean)
		})
		slices.Sort(*dst)
	}
}

// tooMuch are the directories that hold other people's things as well as what
// was meant: the homes, and the sockets that act for whoever may connect.
var tooMuch = []string{"/", "/home", "/root", "/run", "/var/run"}

// path checks a path of filesystem_policy.
func (w *walker) path(at place, p string) bool {
	switch {
	case !strings.HasPrefix(p, "/"):
		w.fail(at, "", "want an absolute path, got %s", strconv.Quote(shorten(p)))
	case len(p) > maxPath:
		w.fail(at, "", "the path has %d bytes, more than %d", len(p), maxPath)
	case strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }):
		w.fail(at, "", "the path has characters that cannot be shown: %s", strconv.QuoteToASCII(shorten(p)))
	case slices.Contains(strings.Split(p, "/"), ".."):
		w.fail(at, "write the path it leads to", "a path may not contain ..")
	case slices.Contains(tooMuch, path.Clean(p)):
		w.fail(at, "name a directory below it", "%s is too much to show to a sandbox", path.Clean(p))
	default:
		return true
	}
	return false
}

func (w *walker) landlock(l *Landlock) visit {
	return func(at place) {
		got := BestEffort
		o := w.object(at, map[string]visit{"compatibility": w.text(&got)})
		if w.failedWithin(at.path) {
			return
		}
		if w.oneOf(o.at("compatibility"), "compatibility", got, BestEffort, HardRequirement) {
			l.Compatibility = got
		}
	}
}

func (w *walker) process(p *Process) visit {
	return func(at place) {
		w.object(at, map[string]visit{
			"run_as_user":  w.identity(&p.RunAsUser),
			"run_as_group": w.identity(&p.RunAsGroup),
		})
	}
}

// identity reads "sandbox" or a number, quoted or not. 0 is refused because
// root is not a user to run an agent as, 4294967295 because it is -1 to setuid(2).
func (w *walker) identity(dst *string) visit {
	return func(at place) {
		if !w.is(at, yaml.ScalarNode, "sandbox or a number") {
			return
		}
		value := at.node.Value
		if value == sandboxUser {
			*dst = value
			return
		}
		id, err := strconv.ParseUint(value, 10, 32)
		if err != nil || id == 0 || id == 1<<32-1 || strconv.FormatUint(id, 10) != value {
			w.fail(at, "", "want sandbox or a number from 1 to 4294967294, got %s", kindName(at.node))
			return
		}
		*dst = value
	}
}
