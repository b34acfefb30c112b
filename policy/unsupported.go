package policy

// refusal is why a field of OpenShell's schema is not part of this language.
type refusal struct{ reason, hint string }

// neverSupported are the fields of OpenShell's schema that are errors here,
// wherever they stand: to ignore one would be to grant what it takes away.
var neverSupported = map[string]refusal{
	"network_middlewares": {
		"requests are judged, not rewritten by other programs",
		"remove the section",
	},
	"credential_signing": {
		"request signing needs the secret beside the request",
		"use a provider whose credential is a header",
	},
	"signing_service": {"request signing is not part of this language", "remove it"},
	"signing_region":  {"request signing is not part of this language", "remove it"},
	"credential_binding": {
		"a credential's hosts are named when its provider is created",
		"exeat provider create --help",
	},
	"allow_uninspected_credentials": {
		"credentials only travel in requests that are inspected",
		"remove it",
	},
	"harness": {"it does nothing in OpenShell either", "remove it"},
	"command": {"SQL is not inspected", "remove the rule"},
	"sql":     {"SQL is not inspected", "remove it"},
}
