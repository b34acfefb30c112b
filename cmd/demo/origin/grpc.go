package origin

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// grpc serves the service acme.Echo (gRPC over HTTP/2). Its messages are bytes, so that a client needs no generated code.
func grpc(mux *http.ServeMux) {
	mux.HandleFunc("POST /acme.Echo/Say", method(unary))
	mux.HandleFunc("POST /acme.Echo/Count", method(count))
	mux.HandleFunc("POST /acme.Echo/Chat", method(chat))
	mux.HandleFunc("POST /acme.Echo/Erase", method(unary))
	mux.HandleFunc("POST /acme.Echo/Refuse", refuse)
	mux.HandleFunc("POST /acme.Echo/Fail", method(func(*call) error { return status{5, "there is no such thing"} }))
}

// status is how a call of gRPC ends.
type status struct {
	code    int
	message string
}

func (s status) Error() string { return s.message }

// call is one call: messages in both directions, each behind five bytes of its own.
type call struct {
	w http.ResponseWriter
	r *http.Request
}

func method(serve func(*call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/grpc")
		err := serve(&call{w, r})
		end := status{code: 0}
		if err != nil && !errors.As(err, &end) {
			end = status{13, err.Error()} // INTERNAL
		}
		h.Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(end.code))
		h.Set(http.TrailerPrefix+"Grpc-Message", end.message)
	}
}

// refuse answers with a status in a header that ends the stream ("Trailers-Only"), as servers do before they begin.
func refuse(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", "16") // UNAUTHENTICATED
	h.Set("Grpc-Message", "who are you")
	h["Content-Length"] = nil // which net/http would write, and servers of gRPC do not
}

// receive returns io.EOF when the client has sent its last message.
func (c *call) receive() ([]byte, error) {
	var prefix [5]byte
	if _, err := io.ReadFull(c.r.Body, prefix[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(prefix[1:])
	if prefix[0] != 0 || length > 4<<20 {
		return nil, status{8, "compressed or too large"} // RESOURCE_EXHAUSTED
	}
	message := make([]byte, length)
	_, err := io.ReadFull(c.r.Body, message)
	return message, err
}

func (c *call) send(message []byte) error {
	frame := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	if _, err := c.w.Write(frame); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}

// unary is a unary call: one message there, the same one back.
func unary(c *call) error {
	message, err := c.receive()
	if err != nil {
		return err
	}
	return c.send(message)
}

// count streams to the client.
func count(c *call) error {
	message, err := c.receive()
	if err != nil {
		return err
	}
	for range pieces {
		if err := c.send(message); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

// chat streams both ways: each message is answered before the next one comes.
func chat(c *call) error {
	for {
		message, err := c.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.send(message); err != nil {
			return err
		}
	}
}
