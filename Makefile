# Everything a developer runs. .ci/run calls the same targets.

GO ?= go
# Tools are built once into a folder of the user's, outside the tree.
TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/duoplane/bin
LINT := $(TOOLS)/golangci-lint-2.15.0

.PHONY: build long vuln test race lint fmt tidy fuzz interop bench bench-quick docs

build:
	$(GO) build -o bin/duoplane ./cmd/duoplane

test:
	$(GO) test ./...

race:
	$(GO) test -race ./...

lint: $(LINT) tidy
	$(GO) vet ./...
	$(LINT) fmt --diff ./...
	$(LINT) run ./...

fmt: $(LINT)
	$(LINT) fmt ./...

tidy:
	$(GO) mod tidy -diff

# Every test of reliability as long as it takes to believe it: a working day.
long:
	$(GO) test -race -count=3 ./...
	$(GO) test ./reliability ./reliability/cluster -v -long -timeout=3h
	$(GO) test ./cmd/duoplane -v -run TestKeysAreRotated -rotate=1000000 -timeout=3h
	LONG=10m SHORT=10m tools/fuzz

# Known vulnerabilities; asks the Go vulnerability database over the network.
vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./...

fuzz:
	tools/fuzz

# Real outside clients against a running duoplane; installs what it needs.
interop:
	interop/run.sh

# Everything on this machine beside floors and peers, which it installs where
# they are missing; writes docs/benchmarks.md. Wants a quiet machine, root for
# some of it, and 25 minutes.
bench:
	bench/peers.sh
	$(GO) run ./bench -write docs/benchmarks.md

# The same in three minutes at most: shows that all can be measured, with what
# is installed. The figures mean little.
bench-quick:
	$(GO) run ./bench -quick

# Rewrites the documents that are derived from the code.
docs:
	$(GO) test ./cmd/duoplane -run TestDocuments -update

$(LINT):
	mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(TOOLS)/golangci-lint $@
