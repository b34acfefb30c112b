package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// frame is a message of gRPC behind its five bytes (gRPC over HTTP/2).
func frame(message string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// invoke begins a call.
func invoke(ctx context.Context, address string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s instead of a call's answer", answer.Proto, answer.Status)
	}
	return answer, nil
}

// receive returns io.EOF when a call ended well.
func receive(answer *http.Response) (string, error) {
	var prefix [5]byte
	_, err := io.ReadFull(answer.Body, prefix[:])
	if errors.Is(err, io.EOF) {
		return "", ended(answer)
	}
	if err != nil {
		return "", err
	}
	message := make([]byte, binary.BigEndian.Uint32(prefix[1:]))
	_, err = io.ReadFull(answer.Body, message)
	return string(message), err
}

// ended reads the status, which is in the header where a call has nothing else to say.
func ended(answer *http.Response) error {
	for _, fields := range []http.Header{answer.Trailer, answer.Header} {
		code := fields.Get("Grpc-Status")
		if code == "0" {
			return io.EOF
		}
		if code != "" {
			message, _ := url.PathUnescape(fields.Get("Grpc-Message"))
			return fmt.Errorf("rpc error: code = %s desc = %s", code, message)
		}
	}
	return errors.New("the call has no status")
}

// listen prints all messages of a call until it ends.
func listen(answer *http.Response) error {
	defer answer.Body.Close()
	var flow flow
	for {
		message, err := receive(answer)
		if errors.Is(err, io.EOF) {
			fmt.Println("status 0,", flow.String())
			return nil
		}
		if err != nil {
			return err
		}
		flow.arrived()
		fmt.Println("heard", message)
	}
}

// say is a unary call.
func say(ctx context.Context, address string, args []string) error {
	answer, err := invoke(ctx, address, bytes.NewReader(frame(args[0])))
	if err != nil {
		return err
	}
	return listen(answer)
}

// count is a call whose answer is a stream.
func count(ctx context.Context, address string, args []string) error { return say(ctx, address, args) }

// chat says one message after the other, each when the one before was answered.
func chat(ctx context.Context, address string, messages []string) error {
	body, out := io.Pipe()
	sent := make(chan error, 1)
	next := make(chan string, 1)
	go func() {
		defer out.Close()
		for message := range next {
			if _, err := out.Write(frame(message)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	next <- messages[0]
	answer, err := invoke(ctx, address, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for i := range messages {
		heard, err := receive(answer)
		if err != nil {
			return err
		}
		fmt.Println("heard", heard)
		if i+1 < len(messages) {
			next <- messages[i+1]
		}
	}
	close(next)
	return listen(answer)
}
