package cmd_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// pids remembers the supervisor of a sandbox and all that descends from it.
// Orphans inside move to init, which is its child, so nothing escapes the walk.
func pids(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "pids sandbox")
	ts.Check(ts.Exec("exeat", "sandbox", "get", "--json", args[0]))
	var row struct {
		Live struct {
			PID     int `json:"pid"`
			InitPID int `json:"init_pid"`
		} `json:"live"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &row))
	if row.Live.PID == 0 || row.Live.InitPID == 0 {
		ts.Fatalf("no live processes: %s", ts.ReadFile("stdout"))
	}
	ts.Setenv("SUPERVISOR", strconv.Itoa(row.Live.PID))
	ts.Setenv("INIT", strconv.Itoa(row.Live.InitPID))
	members := map[int]string{}
	descend(row.Live.PID, children(), members)
	castOf(ts).members = members
}

func descend(pid int, children map[int][]int, into map[int]string) {
	into[pid] = started(pid)
	for _, child := range children[pid] {
		descend(child, children, into)
	}
}

// children maps every process to those it is the parent of, proc_pid_stat(5).
func children() map[int][]int {
	all := map[int][]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if parent, err := strconv.Atoi(stat(pid, 4)); err == nil {
			all[parent] = append(all[parent], pid)
		}
	}
	return all
}

// started is a process's start time; "" once it is gone or only waits to be reaped.
func started(pid int) string {
	if stat(pid, 3) == "Z" {
		return ""
	}
	return stat(pid, 22)
}

func stat(pid, field int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	return fields[field-3]
}

// gone waits until every process that pids found has ended, and looks for mounts of theirs.
func gone(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "gone")
	members := castOf(ts).members
	if len(members) < 2 {
		ts.Fatalf("pids found only %v", members)
	}
	deadline := time.Now().Add(patience)
	for {
		left := living(members)
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("still alive: %q", left)
		}
		time.Sleep(5 * time.Millisecond) // the kernel tells nobody but the parent
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	ts.Check(err)
	if strings.Contains(string(mounts), ts.Getenv("HOME")) {
		ts.Fatalf("mounts are left:\n%s", mounts)
	}
}

func living(members map[int]string) []string {
	var left []string
	for pid, since := range members {
		if now := started(pid); now != "" && now == since {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			left = append(left, fmt.Sprintf("%d %s", pid, strings.ReplaceAll(string(line), "\x00", " ")))
		}
	}
	return left
}

// query runs statements on a database that nobody else has open.
func query(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "sql file statements")
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

// until runs a program until it succeeds: for what another process does in its own time.
func until(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) >= 1, "until program...")
	for deadline := time.Now().Add(patience); ; {
		if err := ts.Exec(args[0], args[1:]...); (err == nil) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%q did not come true", args)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
