package clients_test

// Programs as they come, each with its own way to trust an authority and to show an error.
var programRows = []row{
	{name: "git clone", command: `git clone -q https://github.com/acme/widgets one && cat one/README.md`, want: "^# acme/widgets$"},
	{
		name: "denied git clone", command: `git clone https://github.com/acme/secrets two`, code: 128,
		want: "^remote: denied by exeat: \\d+: GET /acme/secrets/info/refs not permitted by policy$\n^remote: Stop retrying",
	},
	{
		name: "python", needs: "/usr/bin/python3",
		command: `/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen("'$O'/rest/json").read())'`,
		want:    `"method":"GET"`,
	},
	{
		name: "denied python", needs: "/usr/bin/python3",
		command: `/usr/bin/python3 -c 'import urllib.request as u; u.urlopen("'$O'/rest/secret/6")'`,
		code:    1, never: "GET /rest/secret/6", want: `HTTP Error 403: denied by exeat: \d+`,
	},
	{
		name: "node", needs: "node", command: `node -e 'fetch("'$O'/rest/json").then(r => r.text()).then(console.log)'`,
		want: `"method":"GET"`,
	},
	{
		name: "denied node", needs: "node", command: `node -e 'fetch("'$O'/rest/secret/7").then(r => console.log(r.status, r.statusText))'`,
		never: "GET /rest/secret/7", want: `^403 denied by exeat: \d+`,
	},
	{name: "node over HTTP/2", needs: "node", command: `node -e '
		const s = require("http2").connect("'$O'"), q = s.request({":path": "/rest/json"});
		q.on("data", d => console.log(String(d))).on("end", () => s.close())'`, want: `"protocol":"HTTP/2.0"`},
	{name: "wget", needs: "wget", command: `wget -qO- $O/rest/json`, want: `"method":"GET"`},
	{
		name: "denied wget", needs: "wget", command: `wget -nv -O- $O/rest/secret/8`,
		code: 8, never: "GET /rest/secret/8", want: `ERROR 403: denied by exeat: \d+`,
	},
	{
		name: "openssl", needs: "openssl",
		command: `openssl s_client -connect origin.example.com:443 -verify_return_error </dev/null`,
		want:    `Verify return code: 0`,
	},
	{
		name: "npm", needs: "npm",
		command: `npm install --no-fund --no-audit --registry $O/npm/ widget && node -p 'require("widget")'`,
		want:    `^a widget$`,
	},
	{
		name: "denied npm", needs: "npm", command: `npm install --no-fund --no-audit --registry $O/npm/ gadget`, code: 1,
		never: "GET /npm/gadget", want: `403 denied by exeat: \d+ - GET https://origin.example.com/npm/gadget`,
	},
	{
		name: "pip", needs: "pip",
		command: `/usr/bin/python3 -m pip install -q --target pip --index-url $O/pip/ widget &&
			PYTHONPATH=pip /usr/bin/python3 -c 'import widget; print(widget.NAME)'`,
		want: `^a widget$`,
	},
	{
		name: "denied pip, which says so with -vv", needs: "pip",
		command: `/usr/bin/python3 -m pip install -vv --target pip2 --index-url $O/pip/ gadget`, code: 1,
		never: "GET /pip/gadget/", want: `403 Client Error: denied by exeat: \d+`,
	},
	{
		name: "Java trusts", needs: "/etc/ssl/certs/java/cacerts",
		command: `keytool -J-Duser.language=en -list -keystore /etc/ssl/certs/java/cacerts -storepass changeit`,
		want:    `^exeat-1,.*trustedCertEntry`,
	},
}
