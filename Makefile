# make demo   the whole story on this machine: denied, read, proposed, approved, retried
# make redteam   every attack we know against a real sandbox, as a table
# make lifecycle   hundreds of sandboxes at once, in a row, and through losses of power
# make test   every test, as this user and (when root) as an ordinary one too
GO      := $(shell sh docs/setup/find-go)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X exeat/cmd.version=$(VERSION)
PREFIX  ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
export CGO_ENABLED = 0

.PHONY: all build demo test redteam lifecycle race fuzz lint check bench install clean go deps
all: build

go: ; @sh docs/setup/need-go '$(GO)'
deps: ; @sh docs/setup/need git curl
build: go ; $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/exeat ./cmd/exeat
demo: deps build ; $(GO) run ./cmd/demo bin/exeat
test: deps build ; $(GO) test -timeout 10m ./...
redteam: deps ; @cd cmd/redteam && $(GO) test -count=1 -run '^TestAttacks$$'
lifecycle: deps ; @cd cmd/lifecycle && $(GO) test -count=1 -timeout 60m -args -full
race: deps build ; CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...
fuzz: go ; @sh docs/setup/fuzz '$(GO)' 20s
lint: go ; $(GO) vet ./... && $(GO) tool staticcheck ./...
check: go lint ; @sh docs/setup/tidy '$(GO)'
bench: build ; $(GO) run ./docs/bench bin/exeat && $(GO) run ./docs/bench/proxy
install: build ; install -Dm755 bin/exeat $(DESTDIR)$(PREFIX)/bin/exeat
clean: ; rm -rf bin dist
