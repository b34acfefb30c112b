package origin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// sockets serves WebSockets: one that echoes, and one that speaks graphql-transport-ws.
func sockets(mux *http.ServeMux) {
	for _, path := range []string{"/ws/echo", "/ws/read"} {
		mux.HandleFunc(path, accept(echo))
	}
	mux.HandleFunc("/ws/graphql", accept(subscriptions, "graphql-transport-ws"))
}

func accept(serve func(context.Context, *websocket.Conn), protocols ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: protocols, InsecureSkipVerify: true})
		if err != nil {
			return // Accept has answered
		}
		defer c.CloseNow()
		serve(r.Context(), c)
	}
}

// echo greets, and then says everything again.
func echo(ctx context.Context, c *websocket.Conn) {
	if c.Write(ctx, websocket.MessageText, []byte("welcome")) != nil {
		return
	}
	for {
		kind, message, err := c.Read(ctx)
		if err != nil || c.Write(ctx, kind, message) != nil {
			return
		}
	}
}

// operation is a message of graphql-transport-ws.
type operation struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscriptions sends two results for whatever is subscribed to.
func subscriptions(ctx context.Context, c *websocket.Conn) {
	for {
		var asked operation
		if wsjson.Read(ctx, c, &asked) != nil {
			return
		}
		var answers []operation
		switch asked.Type {
		case "connection_init":
			answers = []operation{{Type: "connection_ack"}}
		case "ping":
			answers = []operation{{Type: "pong"}}
		case "subscribe":
			next := operation{ID: asked.ID, Type: "next", Payload: json.RawMessage(`{"data":{"messageAdded":"hello"}}`)}
			answers = []operation{next, next, {ID: asked.ID, Type: "complete"}}
		}
		for _, a := range answers {
			if wsjson.Write(ctx, c, a) != nil {
				return
			}
		}
	}
}
