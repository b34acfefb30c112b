package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/store"
)

func newSandboxGetCommand(env Env) *cobra.Command {
	return ofSandbox(env, "get NAME", "Show what runs in a sandbox, who may widen it, and its isolation", runSandboxGet)
}

// sandboxDetail is a sandbox as JSON: its row, and the supervisor's own words while it runs.
type sandboxDetail struct {
	sandboxRow
	sandboxView
	Approvers []store.Approver `json:"approvers"`
	Env       []string         `json:"env"`
	HostPorts []int            `json:"host_ports"`
	HostUID   int              `json:"host_uid"`
	HostGID   int              `json:"host_gid"`
	Home      string           `json:"home"`
	Limits    store.Limits     `json:"limits"`
	ExitCode  *int             `json:"exit_code,omitempty"`
	Observe   string           `json:"observe,omitempty"`
	Live      *control.Status  `json:"live,omitempty"`
	Repo      *store.Repo      `json:"repo,omitempty"`
	NoKeep    bool             `json:"no_keep,omitempty"`
	Sockets   bool             `json:"allow_sockets,omitempty"`
}

func runSandboxGet(ctx context.Context, env Env, name string, json bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	row, err := newSandboxRow(ctx, boxes, info)
	if err != nil {
		return err
	}
	live, hung := liveStatus(ctx, boxes, info)
	if hung != nil && !errors.Is(hung, context.DeadlineExceeded) {
		return hung
	}
	if live != nil {
		row.heed(live.Paused)
	}
	view, err := newSandboxView(ctx, boxes.Store, info.Sandbox)
	if err != nil {
		return err
	}
	detail := newSandboxDetail(env, info, row, view, live)
	show := printDetail
	if json {
		show = func(env Env, d sandboxDetail) error { return writeJSON(env.Out, d) }
	}
	return errors.Join(show(env, detail), hung) // of one that does not answer all is shown that others know
}

func newSandboxDetail(env Env, info sandbox.Info, row sandboxRow, view sandboxView, live *control.Status) sandboxDetail {
	return sandboxDetail{
		sandboxRow: row, sandboxView: view, Live: live,
		Approvers: list(info.Spec.Approvers), Env: list(info.Spec.EnvNames), HostPorts: list(info.Spec.HostPorts),
		HostUID: info.Spec.HostUID, HostGID: info.Spec.HostGID, Home: env.Dirs.Sandbox(info.ID) + "/home",
		Limits: info.Spec.Limits, ExitCode: info.ExitCode, Observe: info.Spec.Observe, Repo: info.Spec.Repo,
		NoKeep: info.Spec.NoKeep, Sockets: info.Spec.AllowSockets,
	}
}

// liveStatus asks the supervisor; nil when there is none.
func liveStatus(ctx context.Context, boxes *sandbox.Sandboxes, info sandbox.Info) (*control.Status, error) {
	client, err := control.Dial(ctx, boxes.Dirs.Socket(info.ID))
	if errors.Is(err, control.ErrNotRunning) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return nil, err
	}
	return &status, nil
}

func printDetail(env Env, d sandboxDetail) error {
	rows := [][2]string{
		{"name", d.Name},
		{"id", d.ID},
		{"state", stateLine(d.sandboxRow)},
		{"policy", "revision " + strconv.Itoa(d.Revision)},
		{"approvers", approversLine(d)},
		{"created", d.Created.Local().Format(time.DateTime)},
		{"command", cmp.Or(strings.Join(d.Command, " "), "-")},
		{"workdir", cmp.Or(d.Workdir, checkoutLine(d.Repo), "/sandbox only")},
		{"home on host", d.Home},
		{"providers", cmp.Or(strings.Join(d.Providers, ", "), "-")},
		{"observed", observedLine(d)},
		{"environment", cmp.Or(strings.Join(d.Env, ", "), "-")},
		{"host ports", cmp.Or(strings.Join(names(d.HostPorts, strconv.Itoa), ", "), "-")},
		{"limits", limitsLine(d.Limits)},
		{"runs as", fmt.Sprintf("host uid %d, gid %d", d.HostUID, d.HostGID)},
	}
	rows = append(rows, d.sandboxView.rows()...)
	if d.Sockets {
		rows = append(rows, [2]string{"host sockets", "may be in mounted directories (--allow-sockets)"})
	}
	if d.NoKeep {
		rows = append(rows, [2]string{"kept", "no: deleted when the command ends"})
	}
	if err := pairs(env.Out, rows); err != nil || d.Live == nil {
		return err
	}
	return printLive(env, *d.Live)
}

func stateLine(r sandboxRow) string {
	if r.Paused == "" {
		return r.State
	}
	return r.State + ": " + r.Paused
}

func observedLine(d sandboxDetail) string {
	switch d.Observe {
	case "files":
		return "refused changes of files"
	case "reads":
		return "refused changes and reads of files"
	}
	return "no file accesses"
}

func approversLine(d sandboxDetail) string {
	if d.Frozen {
		return "none: frozen, nobody can widen this policy"
	}
	return strings.Join(names(d.Approvers, func(a store.Approver) string {
		return fmt.Sprintf("%s %s (%s)", a.Name, a.Fingerprint, a.Strength)
	}), ", ")
}

func printLive(env Env, live control.Status) error {
	fmt.Fprintf(env.Out, "\nsupervisor pid %d, init pid %d, policy revision %d loaded\n", live.PID, live.InitPID, live.Revision)
	var running [][]string
	for _, p := range live.Running {
		running = append(running, []string{strconv.Itoa(p.ID), p.StartedAt.Local().Format(time.TimeOnly), strings.Join(p.Argv, " ")})
	}
	if len(running) > 0 {
		fmt.Fprintln(env.Out)
		if err := table(env.Out, []string{"ID", "STARTED", "PROGRAM"}, running); err != nil {
			return err
		}
	}
	var mechanisms [][]string
	for _, m := range live.Isolation {
		mechanisms = append(mechanisms, []string{m.Name, m.State, m.Detail})
	}
	fmt.Fprintln(env.Out)
	if err := table(env.Out, []string{"ISOLATION", "STATE", "DETAIL"}, mechanisms); err != nil {
		return err
	}
	fmt.Fprintln(env.Out)
	if err := table(env.Out, []string{"LIMIT", "AT MOST", "IN USE", "ENFORCED BY"}, limitRows(live.Limits)); err != nil {
		return err
	}
	for _, path := range live.AfterRestart {
		fmt.Fprintf(env.Out, "%s %s, after exeat sandbox restart %s\n", env.outStyle().warn("approved:"), path, live.Name)
	}
	for _, warning := range live.Warnings {
		fmt.Fprintf(env.Out, "%s %s\n", env.outStyle().warn("warning:"), warning)
	}
	return nil
}
