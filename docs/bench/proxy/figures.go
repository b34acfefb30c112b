package main

import (
	"fmt"
	"time"
)

// figure is one thing that is measured of every subject.
type figure struct {
	name   string
	load   load
	few    bool     // also of the subjects that add to another one
	alone  bool     // each subject is started for it, so that nothing was there before
	of     []string // the subjects it is measured of; all of those that apply if empty
	values []value
}

// value is what a figure's table shows.
type value struct {
	name   string
	of     func(got, direct outcome) float64
	format func(float64) string
	bare   bool // there is none for the direct way
	pairs  []pair
}

// pair is a target: of, divided by to, is to be as it says.
type pair struct{ of, to, target string }

// figures are all of them. The targets are those of the design.
func figures() []figure {
	return []figure{
		{name: "keep-alive", few: true, load: load{Kind: "requests", Connections: 16}, values: []value{
			{name: "requests/s, keep-alive, 16 connections", of: perSecond, format: number, pairs: requestTargets()},
			{name: "processor time of a request", of: processor, format: micro, bare: true, pairs: processorTargets()},
		}},
		{name: "latency", few: true, load: load{Kind: "requests", Connections: 1}, values: []value{
			{name: "p50 added to a request, 1 connection", of: added, format: micro, bare: true, pairs: latencyTargets()},
		}},
		{name: "connections", few: true, load: load{Kind: "connects", Connections: 4}, values: []value{
			{name: "new connections/s, 4 at once", of: perSecond, format: number, pairs: connectTargets()},
		}},
		{name: "resumed", load: load{Kind: "resumes", Connections: 4}, values: []value{
			{name: "resumed connections/s, 4 at once", of: perSecond, format: number},
		}},
		{name: "download", load: load{Kind: "download"}, values: []value{
			{name: "MB/s, download of 64 MiB", of: bytesPerSecond, format: number, pairs: bulkTargets(">= 2", ">= 1.6")},
		}},
		{name: "upload", load: load{Kind: "upload"}, values: []value{
			{name: "MB/s, upload of 64 MiB", of: bytesPerSecond, format: number, pairs: bulkTargets(">= 1.1", ">= 1.6")},
		}},
		{name: "HTTP/2", of: overHTTP2(), load: load{Kind: "streams", Connections: 16}, values: []value{
			{name: "requests/s, HTTP/2, 16 streams", of: perSecond, format: number, pairs: []pair{{full, direct, ">= .40"}, {noSecret, direct, ">= .40"}}},
		}},
		{name: "tunnels", alone: true, of: inMemory(), load: load{Kind: "tunnels", Connections: 1000}, values: []value{
			{name: "memory of one of 1000 idle tunnels", of: memoryEach, format: kilobytes, pairs: []pair{{full, "", "<= 50 KiB"}}},
		}},
	}
}

// overHTTP2 are the subjects that may speak HTTP/2 to their client.
func overHTTP2() []string { return []string{direct, full, noSecret, uninspected, mitmproxy} }

// inMemory are the subjects whose connections are worth weighing: those written in this language.
func inMemory() []string { return []string{full, uninspected, bareGoproxy} }

func requestTargets() []pair {
	return []pair{
		{full, direct, ">= .27"},
		{full, uninspected, ">= .50"},
		{full, bareGoproxy, ">= .95"},
		{full, squid, ">= 1.2"},
		{full, mitmproxy, ">= 12"},
		{full, srt, ">= 5"},
		{noSecret, direct, ">= .27"},
		{noSecret, uninspected, ">= .50"},
		{noSecret, bareGoproxy, ">= .95"},
		{noSecret, squid, ">= 1.2"},
		{uninspected, bareRelay, ">= .95"},
	}
}

func processorTargets() []pair {
	return []pair{{full, tlsRelay, "<= 2.4"}, {full, mitmproxy, "<= .1"}, {noSecret, tlsRelay, "<= 2.4"}, {bareGoproxy, tlsRelay, ""}}
}

func latencyTargets() []pair {
	return []pair{{full, uninspected, "<= 1.9"}, {noSecret, uninspected, "<= 1.9"}}
}

func connectTargets() []pair {
	return []pair{
		{full, uninspected, ">= 1"},
		{full, squid, ">= 1"},
		{full, mitmproxy, ">= 6"},
		{full, srt, ">= 6"},
		{noSecret, uninspected, ">= 1"},
		{noSecret, squid, ">= 1"},
	}
}

func bulkTargets(ofSquid, ofMitmproxy string) []pair {
	return []pair{{full, squid, ofSquid}, {full, mitmproxy, ofMitmproxy}, {full, srt, ">= 2.5"}, {uninspected, bareRelay, ">= .95"}}
}

// memoryTargets are for what a subject holds, before and after all loads.
func memoryTargets() []pair {
	return []pair{{full, "", "<= 35 MB"}, {full, squid, "<= .7"}, {full, srt, "<= .4"}}
}

func perSecond(o, _ outcome) float64      { return float64(o.Count) / o.Took.Seconds() }
func bytesPerSecond(o, _ outcome) float64 { return float64(o.Bytes) / 1e6 / o.Took.Seconds() }
func processor(o, _ outcome) float64      { return float64(o.Processor) / float64(o.Count) }
func added(o, direct outcome) float64     { return float64(o.Median - direct.Median) }
func memoryEach(o, _ outcome) float64     { return float64(o.Memory) / float64(o.Count) }

func number(v float64) string    { return fmt.Sprintf("%.0f", v) }
func micro(v float64) string     { return fmt.Sprintf("%.0f us", v/float64(time.Microsecond)) }
func kilobytes(v float64) string { return fmt.Sprintf("%.0f KiB", v/1024) }
func mega(v float64) string      { return fmt.Sprintf("%.1f MB", v/1e6) }
