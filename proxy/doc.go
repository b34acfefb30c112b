// Package proxy carries a sandbox's traffic out, asking the policy about each request and reporting each decision.
//
// It has two doors. The transparent one takes connections as they were made, towards the address the
// sandbox's resolver handed out for a name; the explicit one speaks CONNECT and absolute-form HTTP. Both
// end in one pipeline: who calls, does the policy let it go there, and, where the policy inspects the
// destination, is each single request allowed by the policy in force at that moment. Nothing is dialled
// for a destination that is denied, nothing is answered before it is recorded, and what the upstream
// reads is what the policy judged.
//
// HTTP/1.1 and HTTP/2 are judged alike, one request at a time. Where the policy asks what a body, a push
// or a message of a WebSocket is about, that is read first, and what was read is what is sent. A refusal
// is put in the words of the protocol that the client speaks.
//
// It refuses what it cannot judge: other upgrades, malformed requests, names that differ between
// destination, TLS and HTTP, and addresses that no name may lead to.
package proxy
