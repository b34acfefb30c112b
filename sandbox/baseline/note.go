package baseline

import (
	"os"
	"path"
	"strings"
)

// note reads the state of a hand-off file.
func (s *search) note(name string, v verdict) {
	e, there := s.tree.look(name)
	if !there {
		return
	}
	e.Why, e.Loose, e.Pin = v.why, v.loose, v.pin && (e.Kind == File || e.Kind == Dir)
	if content, ok := s.keep(&e); ok && v.why == whyConfig && path.Base(name) == "config" {
		s.followHooks(name, content)
	}
	s.entries[name] = e
	if e.Kind == Link {
		s.aliases = append(s.aliases, alias{name, e.Target, v.why})
	}
}

// keep reads and holds on to the content, while there is room.
func (s *search) keep(e *Entry) ([]byte, bool) {
	if e.Kind != File || s.read >= contentsMax {
		return nil, false
	}
	content, ok := s.tree.read(e.Path)
	if !ok {
		return nil, false
	}
	s.read += len(content)
	e.Digest, e.Kept = digest(content), true
	s.content[e.Digest] = content
	return content, true
}

// followHooks looks where a git configuration says that the hooks are, relative
// to the work tree.
func (s *search) followHooks(name string, content []byte) {
	if hooks := hooksPath(content); hooks != "" {
		s.aliases = append(s.aliases, alias{path.Join(path.Dir(path.Dir(name)), "core.hooksPath"), hooks, whyHooks})
	}
}

// considerLink notes a symlink that leads out, wherever it is: what the sandbox
// could not write, a tool of the host would write for it. Of an ordinary user
// none can write to /usr.
func (s *search) considerLink(name string) {
	e, there := s.tree.look(name)
	if !there || e.Kind != Link {
		return
	}
	if _, out := s.tree.follow(name, e.Target); !out || os.Geteuid() != 0 && strings.HasPrefix(path.Clean(e.Target), "/usr/") {
		return
	}
	e.Why = whyOut
	s.entries[name] = e
}

// resolve looks at what hand-off files stand for.
func (s *search) resolve() {
	todo := s.aliases
	s.aliases = nil
	for _, a := range todo {
		name := a.link
		if !path.IsAbs(a.target) {
			name = path.Join(path.Dir(a.link), a.target)
		}
		if _, known := s.entries[a.link]; known {
			name = a.link // a link of the tree: the kernel follows it
		}
		to, _ := s.tree.follow(name, a.target)
		if _, known := s.entries[to]; to == "" || known {
			continue
		}
		if path.Base(a.link) == ".git" {
			s.queue = append(s.queue, visit{to, scope{git: gitDir}}) // a repository, of which not everything counts
			continue
		}
		why := a.why + " (by the name " + a.link + ")"
		s.note(to, verdict{why: why, pin: true, loose: true})
		if s.entries[to].Kind == Dir {
			s.queue = append(s.queue, visit{to, scope{why: why, loose: true}})
		}
	}
}
