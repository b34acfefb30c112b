package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// socket hears the greeting, says each of the arguments and prints what comes back.
func socket(ctx context.Context, url string, messages []string) error {
	c, err := dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := hear(ctx, c); err != nil {
		return err
	}
	for _, message := range messages {
		if err := c.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			return err
		}
		if err := hear(ctx, c); err != nil {
			return err
		}
	}
	return c.Close(websocket.StatusNormalClosure, "bye")
}

// dial shows what a server says instead of switching: the library's error has only the status.
func dial(ctx context.Context, url string, protocols ...string) (*websocket.Conn, error) {
	c, answer, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: protocols})
	if err != nil && answer != nil {
		return nil, fmt.Errorf("%w (%s)", err, answer.Status)
	}
	return c, err
}

func hear(ctx context.Context, c *websocket.Conn) error {
	_, message, err := c.Read(ctx)
	if err == nil {
		fmt.Println("heard", string(message))
	}
	return err
}

// subscribe speaks graphql-transport-ws for one operation.
func subscribe(ctx context.Context, url string, args []string) error {
	c, err := dial(ctx, url, "graphql-transport-ws")
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := wsjson.Write(ctx, c, map[string]string{"type": "connection_init"}); err != nil {
		return err
	}
	if err := hear(ctx, c); err != nil {
		return err
	}
	ask := map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": args[0]}}
	if err := wsjson.Write(ctx, c, ask); err != nil {
		return err
	}
	for {
		var answer struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(ctx, c, &answer); err != nil {
			return err
		}
		fmt.Println(answer.Type, string(answer.Payload))
		if answer.Type == "complete" {
			return c.Close(websocket.StatusNormalClosure, "bye")
		}
	}
}
