package toolbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Toolchains finds every toolchain below the home directory that it knows.
func (h Home) Toolchains() []Tool {
	var found []Tool
	for _, find := range []func() Tool{h.nvm, h.fnm, h.pyenv, h.rust, h.golang, h.asdf, h.mise, h.bun, h.deno, h.uv} {
		if tool := find(); len(tool.Show)+len(tool.Bin) > 0 {
			found = append(found, tool)
		}
	}
	return found
}

// nvm is the Node Version Manager: versions of node, and itself for `nvm use`.
func (h Home) nvm() Tool {
	root := h.dir("NVM_DIR", ".nvm")
	all := versions(filepath.Join(root, "versions/node"))
	tool := h.nodes("nvm", all, firstLine(filepath.Join(root, "alias/default")))
	if len(tool.Show) > 0 {
		tool.Show = append(tool.Show, existing(root+"/nvm.sh", root+"/alias", root+"/bash_completion")...)
		tool.Env = map[string]string{"NVM_DIR": root}
	}
	return tool
}

// fnm is the Fast Node Manager.
func (h Home) fnm() Tool {
	var all []string
	for _, version := range versions(h.at(".local/share/fnm/node-versions")) {
		all = append(all, existing(version+"/installation")...)
	}
	return h.nodes("fnm", all, "")
}

func (h Home) nodes(name string, all []string, preferred string) Tool {
	tool := Tool{Name: name, Show: everyPart(all)}
	if used := h.inUse(all, preferred); used != "" {
		tool.Bin = []string{used + "/bin"}
	}
	return tool
}

func everyPart(all []string) []string {
	var shown []string
	for _, version := range all {
		shown = append(shown, parts(version)...)
	}
	return shown
}

// pyenv works through shims, which are scripts that run pyenv itself.
func (h Home) pyenv() Tool {
	root := h.dir("PYENV_ROOT", ".pyenv")
	tool := Tool{Name: "pyenv", Show: everyPart(versions(root + "/versions"))}
	if len(tool.Show) == 0 {
		return tool
	}
	tool.Show = append(tool.Show, links(root+"/versions")...)
	tool.Show = append(tool.Show, existing(root+"/shims", root+"/bin", root+"/libexec", root+"/pyenv.d", root+"/completions", root+"/version")...)
	tool.Bin = existing(root+"/shims", root+"/bin")
	tool.Env = map[string]string{"PYENV_ROOT": root}
	return tool
}

// rust is cargo and, behind its programs, rustup. Cargo's own directory stays
// inside: it is where it downloads to, and where it keeps credentials.
func (h Home) rust() Tool {
	bin, rustup := filepath.Join(h.dir("CARGO_HOME", ".cargo"), "bin"), h.dir("RUSTUP_HOME", ".rustup")
	tool := Tool{Name: "cargo", Show: existing(bin)}
	if len(tool.Show) == 0 {
		return tool
	}
	tool.Bin = []string{bin}
	tool.Env = map[string]string{"CARGO_HOME": "/sandbox/.cargo"}
	if chains := existing(rustup+"/toolchains", rustup+"/settings.toml", rustup+"/update-hashes"); len(chains) > 0 {
		tool.Show = append(tool.Show, chains...)
		tool.Env["RUSTUP_HOME"] = rustup
	}
	return tool
}

// golang is every Go in ~/sdk and the one in the user's PATH, be it the machine's, and what `go
// install` made. GOPATH stays inside, for what is downloaded.
func (h Home) golang() Tool {
	roots := slices.DeleteFunc(versions(h.at("sdk")), func(dir string) bool { return !isGoRoot(dir) })
	tool := Tool{Name: "go"}
	real, _ := h.walk(h.lookPath("go"))
	switch root := filepath.Dir(filepath.Dir(real)); {
	case !isGoRoot(root):
	case h.Local != "" && strings.HasPrefix(root, h.Local+"/"):
		tool.Bin = []string{root + "/bin"}
	case h.holds(real) && !slices.Contains(roots, root):
		roots = append([]string{root}, roots...)
	}
	for _, root := range roots {
		tool.Show = append(tool.Show, existing(root+"/bin", root+"/src", root+"/pkg", root+"/lib", root+"/VERSION", root+"/go.env")...)
	}
	if used := h.inUse(roots, ""); used != "" {
		tool.Bin = append(tool.Bin, used+"/bin")
	}
	path := filepath.SplitList(h.Getenv("GOPATH"))
	if len(path) == 0 || !h.holds(path[0]) {
		path = []string{h.at("go")}
	}
	for _, bin := range existing(filepath.Join(path[0], "bin")) {
		tool.Show, tool.Bin = append(tool.Show, bin), append(tool.Bin, bin)
	}
	return tool
}

func isGoRoot(dir string) bool { return exists(dir+"/VERSION") && exists(dir+"/src/runtime") }

// asdf is seen without its shims: what ~/.tool-versions chooses is in PATH.
func (h Home) asdf() Tool {
	chosen := map[string]string{}
	text, _ := os.ReadFile(h.at(".tool-versions")) // none is as good as an empty one
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 2 {
			chosen[words[0]] = words[1]
		}
	}
	return h.installs("asdf", filepath.Join(h.dir("ASDF_DATA_DIR", ".asdf"), "installs"), chosen)
}

// mise keeps its tools as asdf does.
func (h Home) mise() Tool {
	return h.installs("mise", filepath.Join(h.dir("MISE_DATA_DIR", ".local/share/mise"), "installs"), nil)
}

// installs are tools laid out as DIR/TOOL/VERSION.
func (h Home) installs(name, dir string, chosen map[string]string) Tool {
	tool := Tool{Name: name}
	for _, kind := range versions(dir) {
		all := versions(kind)
		tool.Show = append(append(tool.Show, everyPart(all)...), links(kind)...)
		used := h.inUse(all, chosen[filepath.Base(kind)])
		if used == "" {
			continue
		}
		tool.Bin = append(tool.Bin, existing(used+"/bin", used+"/go/bin")...)
	}
	return tool
}

func (h Home) bun() Tool {
	bin := h.at(".bun/bin")
	return Tool{Name: "bun", Show: existing(bin, h.at(".bun/install/global/node_modules")), Bin: existing(bin)}
}

func (h Home) deno() Tool {
	bin := filepath.Join(h.dir("DENO_INSTALL", ".deno"), "bin")
	return Tool{Name: "deno", Show: existing(bin), Bin: existing(bin)}
}

// uv is the pythons it manages and, where its installer puts it, uv itself.
func (h Home) uv() Tool {
	root := h.dir("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python")
	all := versions(root)
	tool := Tool{Name: "uv", Show: append(everyPart(all), links(root)...)}
	if len(all) == 0 {
		return tool
	}
	tool.Bin = []string{h.inUse(all, "") + "/bin"}
	tool.Env = map[string]string{"UV_PYTHON_INSTALL_DIR": root}
	if own := existing(h.at(".local/bin/uv"), h.at(".local/bin/uvx")); len(own) > 0 {
		tool.Show, tool.Bin = append(tool.Show, own...), append(tool.Bin, h.at(".local/bin"))
	}
	return tool
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path) // a preference: none where there is none
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}
