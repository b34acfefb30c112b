package credential

// profiles are the services that are known. Where a service hands out another secret for this one (a
// registry's bearer token, a new access token), the host that does so is left out of the list or bound
// to a path: what it answers would be a secret inside the sandbox.
func profiles() []Profile {
	return append(append(forges(), models()...), registries()...)
}

// forges are services with git repositories, and huggingface, which is one too.
func forges() []Profile {
	return []Profile{
		{
			Type: "github", Variables: []string{"GITHUB_TOKEN", "GH_TOKEN"},
			Hosts:   []string{"github.com", "api.github.com", "uploads.github.com", "gist.github.com", "raw.githubusercontent.com"},
			headers: []string{"Authorization"},
			notGit:  []string{"api.github.com", "uploads.github.com", "raw.githubusercontent.com"},
			git:     true,
			// The last six characters of a real one are a checksum; ours are random, so that scanners for
			// leaked tokens do not take it for one.
			shapes: []shape{{"ghp_", 40, ""}, {"github_pat_", 93, ""}, {"gho_", 40, ""}, {"ghs_", 40, ""}, {"ghu_", 40, ""}},
		},
		{
			Type: "gitlab", Variables: []string{"GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "GL_TOKEN"},
			Hosts:   []string{"gitlab.com"},
			headers: []string{"Private-Token", "Job-Token", "Deploy-Token", "Authorization"},
			query:   []string{"private_token", "job_token", "access_token"},
			git:     true,
			shapes:  []shape{{"glpat-", 26, ""}},
		},
		{
			Type: "huggingface", Variables: []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"},
			Hosts:   []string{"huggingface.co", "router.huggingface.co"},
			headers: []string{"Authorization"},
			notGit:  []string{"router.huggingface.co"},
			git:     true,
			shapes:  []shape{{"hf_", 37, ""}},
		},
	}
}

// models are services that run language models, and aws for the one of its keys that is a bearer token.
func models() []Profile {
	return []Profile{
		{
			Type: "anthropic", Variables: []string{"ANTHROPIC_API_KEY"},
			Hosts:   []string{"api.anthropic.com"},
			headers: []string{"X-Api-Key", "Authorization"},
			shapes:  []shape{{"sk-ant-api03-", 108, "AA"}},
		},
		{
			Type: "claude", Variables: []string{"CLAUDE_CODE_OAUTH_TOKEN"},
			Hosts: []string{"api.anthropic.com"},
			Login: ".claude/.credentials.json", LoginKey: []string{"claudeAiOauth", "accessToken"},
			Note:    `a login's token is good for some hours; "claude setup-token" makes one that is good for a year`,
			headers: []string{"Authorization"},
			shapes:  []shape{{"sk-ant-oat01-", 108, "AA"}},
		},
		{
			Type: "openai", Variables: []string{"OPENAI_API_KEY", "CODEX_API_KEY"},
			Hosts:   []string{"api.openai.com"},
			headers: []string{"Authorization"},
			shapes:  []shape{{"sk-proj-", 164, ""}, {"sk-svcacct-", 167, ""}, {"sk-", 51, ""}},
		},
		{
			Type:  "codex", // reads its login from a file only
			Hosts: []string{"chatgpt.com/backend-api"},
			Login: ".codex/auth.json", LoginKey: []string{"tokens", "access_token"}, AccountKey: []string{"tokens", "account_id"},
			Note:    `a login's token is good for some days; "exeat provider update" reads it again`,
			headers: []string{"Authorization"},
			shapes:  []shape{{jwtHead, len(jwtHead) + 342, ""}},
			login:   codexLogin,
		},
		{
			Type: "google", Variables: []string{"GEMINI_API_KEY", "GOOGLE_API_KEY"},
			Hosts:   []string{"generativelanguage.googleapis.com"},
			headers: []string{"X-Goog-Api-Key", "Authorization"},
			query:   []string{"key", "$key"},
			shapes:  []shape{{"AIza", 39, ""}},
		},
		{
			Type: "aws", Variables: []string{"AWS_BEARER_TOKEN_BEDROCK"}, // the region is in the host
			Note:    "for Bedrock's bearer keys only: signing requests with an access key (SigV4) is not supported",
			headers: []string{"Authorization"},
			shapes:  []shape{{"ABSK", 132, ""}},
		},
	}
}

// registries are services for packages, and what is of no type.
func registries() []Profile {
	return []Profile{
		{
			Type: "npm", Variables: []string{"NPM_TOKEN", "NODE_AUTH_TOKEN"},
			Hosts:   []string{"registry.npmjs.org"},
			headers: []string{"Authorization"},
			shapes:  []shape{{"npm_", 40, ""}},
		},
		{
			Type: "pypi", Variables: []string{"TWINE_PASSWORD", "UV_PUBLISH_TOKEN", "POETRY_PYPI_TOKEN_PYPI"},
			Hosts:   []string{"upload.pypi.org/legacy"},
			headers: []string{"Authorization"},
			shapes:  []shape{{"pypi-AgEIcHlwaS5vcmc", 179, ""}, {"pypi-", 179, ""}},
		},
		{
			Type: "cargo", Variables: []string{"CARGO_REGISTRY_TOKEN"},
			Hosts:   []string{"crates.io/api/v1"},
			headers: []string{"Authorization"},
			shapes:  []shape{{"cio", 35, ""}},
		},
		{
			Type: "docker", Variables: []string{"DOCKER_PASSWORD", "DOCKERHUB_TOKEN"},
			Hosts:   []string{"auth.docker.io/token"},
			Note:    "the short-lived tokens that auth.docker.io answers with reach the sandbox",
			headers: []string{"Authorization"},
			shapes:  []shape{{"dckr_pat_", 36, ""}},
		},
		{Type: "generic", shapes: []shape{{"", 40, ""}}},
	}
}
