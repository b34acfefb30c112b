package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// callTimeout bounds every call that is not meant to wait.
const callTimeout = 5 * time.Second

// Client talks to the supervisor of one sandbox. It holds no connection:
// every call makes its own, so a Client needs no closing.
type Client struct {
	path string
}

// Dial returns a client once somebody answers on the socket; ErrNotRunning
// when nobody does.
func Dial(ctx context.Context, path string) (*Client, error) {
	c := &Client{path: path}
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn.Close()
	return c, nil
}

// Status asks what runs and under which policy.
func (c *Client) Status(ctx context.Context) (Status, error) {
	answer, err := c.call(ctx, request{Call: callStatus})
	if err != nil {
		return Status{}, err
	}
	if answer.Status == nil {
		return Status{}, errors.New("supervisor answered without a status")
	}
	return *answer.Status, nil
}

// Policy returns the policy in force as canonical text, and the statement it
// was signed with (nil in a frozen sandbox).
func (c *Client) Policy(ctx context.Context) (revision int, text, statement []byte, err error) {
	answer, err := c.call(ctx, request{Call: callPolicy})
	if err != nil {
		return 0, nil, nil, err
	}
	if answer.Policy == nil {
		return 0, nil, nil, errors.New("supervisor answered without a policy")
	}
	return answer.Policy.Revision, []byte(answer.Policy.Text), answer.Policy.Statement, nil
}

// Load puts a stored revision in force; nil means that it is.
func (c *Client) Load(ctx context.Context, revision int) error {
	_, err := c.call(ctx, request{Call: callLoad, Revision: revision})
	return err
}

// Await returns the revision in force as soon as it is newer than after, or
// ctx's error.
func (c *Client) Await(ctx context.Context, after int) (int, error) {
	answer, err := c.exchange(ctx, request{Call: callAwait, After: after})
	return answer.Revision, err
}

// Stop asks the sandbox to end. It returns when the supervisor has agreed.
func (c *Client) Stop(ctx context.Context) error {
	_, err := c.call(ctx, request{Call: callStop})
	return err
}

// Paused asks why the sandbox is paused; "" while its programs run.
func (c *Client) Paused(ctx context.Context) (string, error) {
	answer, err := c.call(ctx, request{Call: callPaused})
	return answer.Paused, err
}

// Pause stops every program of the sandbox; nil means that all are stopped.
func (c *Client) Pause(ctx context.Context) error {
	_, err := c.call(ctx, request{Call: callPause})
	return err
}

// Resume lets them run again.
func (c *Client) Resume(ctx context.Context) error {
	_, err := c.call(ctx, request{Call: callResume})
	return err
}

// Rotate gives a provider of the sandbox its new secret: the one in its file, or
// the one given. It counts from the next request on.
func (c *Client) Rotate(ctx context.Context, provider, secret string) error {
	_, err := c.call(ctx, request{Call: callRotate, Provider: provider, Secret: secret})
	return err
}

// Detach has a provider's secret lent no more.
func (c *Client) Detach(ctx context.Context, provider string) error {
	_, err := c.call(ctx, request{Call: callDetach, Provider: provider})
	return err
}

func (c *Client) call(ctx context.Context, r request) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.exchange(ctx, r)
}

func (c *Client) exchange(ctx context.Context, r request) (reply, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	answer, err := ask(conn, r)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && r.Call != callAwait:
		return reply{}, &noAnswer{r.Call}
	case err != nil && ctx.Err() != nil:
		return reply{}, fmt.Errorf("control call %s: %w", r.Call, ctx.Err())
	}
	return answer, err
}

func (c *Client) connect(ctx context.Context) (*net.UnixConn, error) {
	dir, short, err := shorten(c.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", short)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("connect to control socket %s: %w", c.path, err)
	}
	unixConn := conn.(*net.UnixConn)
	if err := checkPeer(unixConn); err != nil {
		conn.Close()
		return nil, err
	}
	return unixConn, nil
}

// ask sends one request and reads its reply.
func ask(conn net.Conn, r request) (reply, error) {
	if err := writeMessage(conn, r); err != nil {
		return reply{}, fmt.Errorf("control call %s: %w", r.Call, err)
	}
	var answer reply
	err := readMessage(conn, &answer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return reply{}, &noAnswer{r.Call}
	}
	if err != nil {
		return reply{}, fmt.Errorf("control call %s: supervisor ended: %w", r.Call, err)
	}
	if answer.Error != nil {
		return reply{}, answer.Error
	}
	return answer, nil
}
