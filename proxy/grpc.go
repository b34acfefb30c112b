package proxy

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// grpc makes the header an answer that consists of trailers alone (gRPC over HTTP/2, "Trailers-Only"),
// with the status and, for programs, its details.
func (r *refusal) grpc(h http.Header) {
	code, message := r.grpcCode(), r.sentence()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", strconv.Itoa(code))
	h.Set("Grpc-Message", percentEncoded(message))
	h.Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(r.grpcDetails(code, message)))
}

// Codes of gRPC that a refusal can have.
const (
	grpcInvalidArgument  = 3
	grpcDeadlineExceeded = 4
	grpcPermissionDenied = 7
	grpcUnavailable      = 14
)

func (r *refusal) grpcCode() int {
	switch r.status {
	case http.StatusBadRequest, http.StatusMisdirectedRequest:
		return grpcInvalidArgument
	case http.StatusGatewayTimeout:
		return grpcDeadlineExceeded
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusInternalServerError:
		return grpcUnavailable
	}
	return grpcPermissionDenied
}

// grpcDetails is a google.rpc.Status with one google.rpc.ErrorInfo, in protocol buffers.
func (r *refusal) grpcDetails(code int, message string) []byte {
	info := joined(field(1, string(r.decision.Code)), field(2, "exeat"))
	if r.id > 0 {
		info = joined(info, field(3, string(joined(field(1, "denial_id"), field(2, strconv.FormatInt(r.id, 10))))))
	}
	detail := joined(field(1, "type.googleapis.com/google.rpc.ErrorInfo"), field(2, string(info)))
	return joined([]byte{1 << 3, byte(code)}, field(2, message), field(3, string(detail)))
}

// field is one length-delimited field of a protocol buffer.
func field(number byte, value string) []byte {
	out := []byte{number<<3 | 2}
	n := len(value)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(append(out, byte(n)), value...)
}

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// percentEncoded is how gRPC writes a message in a header field.
func percentEncoded(message string) string {
	var b strings.Builder
	for i := range len(message) {
		if c := message[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(message[i])
	}
	return b.String()
}
