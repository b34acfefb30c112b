package redteam_test

// untainted lets curl read from a host while no code of the agent's runs in it.
const untainted = `  untainted:
    endpoints: [ { host: git.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only } ]
    binaries: [ { path: /usr/bin/curl, descendants: false, untainted: true } ]
`

// library finds one that curl loads anyway; a copy of it is the agent's code.
const library = `lib=$(ldd /usr/bin/curl | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | head -n 1); `

var taintAttacks = []attack{
	{
		id: "PR07", name: "code of one's own in an allowed program", policy: untainted,
		script: library + `curl -sS https://git.example.com/clean; cp $lib mine.so; LD_PRELOAD=./mine.so curl -sS https://git.example.com/preloaded; cp $lib .; LD_LIBRARY_PATH=. curl -sS https://git.example.com/searched; for l in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do $l /usr/bin/curl -sS https://git.example.com/loader; done`,
		want:   []string{`public page`, `tainted.*mine.so`}, after: nothingCame("/preloaded", "/searched", "/loader"),
		record: denial{exe: "/usr/bin/curl", host: "git.example.com", port: 443, code: "policy_denied"},
	},
	{
		id: "PR44", name: "shed the record of who started whom", script: `cp attack copy; ./copy fork /usr/bin/curl -sS https://e.example.net/pr44; sleep 1`,
		want: []string{`policy_denied`}, record: denial{exe: "/usr/bin/curl", ancestor: "W/copy", host: "e.example.net", port: 443, code: "policy_denied"},
	},
}
