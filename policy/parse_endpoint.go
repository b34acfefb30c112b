package policy

import (
	"maps"
	"slices"
	"strconv"
)

// protocols are the values of Endpoint.Protocol, in the order they are explained.
var protocols = []string{REST, GraphQL, WebSocket, MCP, JSONRPC, TCP}

func (w *walker) endpoint(at place) Endpoint {
	e := Endpoint{Pos: position(at.node)}
	var port int
	fields := map[string]visit{
		"host":                w.text(&e.Host),
		"port":                w.number(&port, "a port", 1, 65535),
		"ports":               w.ports(&e.Ports),
		"path":                w.text(&e.Path),
		"protocol":            w.text(&e.Protocol),
		"tls":                 w.text(&e.TLS),
		"enforcement":         w.text(&e.Enforcement),
		"access":              w.text(&e.Access),
		"allowed_ips":         w.texts(&e.AllowedIPs),
		"allow_encoded_slash": w.flag(&e.AllowEncodedSlash),
		// What a rule means depends on the protocol, which may stand below it.
		"rules":      func(place) {},
		"deny_rules": func(place) {},
	}
	maps.Copy(fields, w.optionFields(&e))
	o := w.object(at, fields)
	if !o.read {
		return e
	}
	if o.has("port") && port != 0 {
		e.Ports = append(e.Ports, port)
	}
	w.destination(o, &e)
	w.inspection(o, &e)
	w.rules(o, &e)
	w.combination(o, &e)
	return e
}

func (w *walker) ports(dst *[]int) visit {
	return func(at place) {
		w.list(at, func(item place) {
			var port int
			w.number(&port, "a port", 1, 65535)(item)
			switch {
			case port == 0: // reported
			case slices.Contains(*dst, port):
				w.fail(item, "", "port %d is listed twice", port)
			default:
				*dst = append(*dst, port)
			}
		})
	}
}

// destination checks where the endpoint leads.
func (w *walker) destination(o object, e *Endpoint) {
	switch {
	case o.lacks("host"):
		w.fail(o.place, "allowed_ips says which private addresses a host may have, not which hosts",
			"the endpoint has no host")
	case o.has("host") && !w.failedWithin(o.at("host").path):
		e.Host = w.host(o.at("host"), e.Host)
	}
	switch {
	case o.has("port") && o.has("ports"):
		w.fail(o.at("ports"), "put all of them into ports", "port and ports exclude each other")
	case o.lacks("port") && o.lacks("ports") && len(e.Ports) == 0:
		w.fail(o.place, "add port: 443", "the endpoint has no port")
	case o.has("ports") && len(e.Ports) == 0 && !w.failedWithin(o.at("ports").path):
		w.fail(o.at("ports"), "", "needs at least one port")
	}
	slices.Sort(e.Ports)
	ranges := o.at("allowed_ips")
	if o.has("allowed_ips") && !w.failedWithin(ranges.path) {
		for i, raw := range e.AllowedIPs {
			item := place{ranges.node.Content[i], ranges.path + "[" + strconv.Itoa(i) + "]"}
			e.AllowedIPs[i] = w.allowedIP(item, raw)
		}
	}
}

// inspection checks how the endpoint's traffic is read and judged.
func (w *walker) inspection(o object, e *Endpoint) {
	if o.has("protocol") && !w.failedWithin(o.at("protocol").path) {
		if e.Protocol == "sql" {
			w.fail(o.at("protocol"), "", "protocol sql is not supported: %s", neverSupported["sql"].reason)
		} else {
			w.oneOf(o.at("protocol"), "protocol", e.Protocol, protocols...)
		}
	}
	if o.has("tls") && w.oneOf(o.at("tls"), "tls", e.TLS, "terminate", "skip", "passthrough") {
		e.TLS = map[string]string{"skip": tlsSkip, "passthrough": tlsSkip}[e.TLS]
	}
	if o.has("access") {
		w.oneOf(o.at("access"), "access", e.Access, ReadOnly, ReadWrite, Full)
	}
	switch {
	case o.has("enforcement"):
		w.oneOf(o.at("enforcement"), "enforcement", e.Enforcement, Enforce, Audit)
	default:
		e.Enforcement = Enforce
	}
	if e.inspected() && !o.has("enforcement") {
		w.enforcementAbsent(o.place)
	}
}

// enforcementAbsent says once what differs from OpenShell, where absent means audit.
func (w *walker) enforcementAbsent(at place) {
	const code = "enforcement-absent"
	if slices.ContainsFunc(w.problems, func(p Problem) bool { return p.Code == code }) {
		return
	}
	before := len(w.problems)
	w.warn(at, "write enforcement: enforce", "enforcement is absent and means enforce (audit in OpenShell), here and below")
	if len(w.problems) > before {
		w.problems[before].Code = code
	}
}

func (e *Endpoint) inspected() bool { return inspects(e.Protocol) }

// inspects says whether requests are judged one by one at endpoints of a protocol.
func inspects(protocol string) bool { return protocol != "" && protocol != TCP }
