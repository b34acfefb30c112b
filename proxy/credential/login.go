package credential

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// File is a file that a program in the sandbox expects in its home directory.
type File struct {
	Path    string // below the home directory
	Content []byte
}

// Files are the logins of those programs that read theirs from a file, with placeholders in them.
func (in *Injector) Files() ([]File, error) {
	var files []File
	for _, b := range in.bindings() {
		if b.detached || b.profile.login == nil {
			continue
		}
		content, err := b.profile.login(b.placeholder, b.provider.Account)
		if err != nil {
			return nil, fmt.Errorf("login of provider %q: %w", b.provider.Name, err)
		}
		files = append(files, File{b.profile.Login, content})
	}
	return files, nil
}

// jwtHead begins a JSON Web Token (RFC 7519) that says of itself only that it ends in the year 2100: a
// program that reads this does not try to get another one.
const jwtHead = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDB9."

// codexLogin is what Codex keeps of a login with ChatGPT. Its refresh token is none: a new access token
// would be a secret inside the sandbox. The time of the last refresh is in the future for the same reason.
func codexLogin(token, account string) ([]byte, error) {
	claims, err := json.Marshal(map[string]any{"https://api.openai.com/auth": map[string]string{"chatgpt_account_id": account}})
	if err != nil {
		return nil, err
	}
	identity := "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(claims) + ".exeat"
	return json.Marshal(map[string]any{
		"auth_mode": "chatgpt", "OPENAI_API_KEY": nil, "last_refresh": "2100-01-01T00:00:00Z",
		"tokens": map[string]string{"id_token": identity, "access_token": token, "refresh_token": "exeat", "account_id": account},
	})
}
