module github.com/duoplane/duoplane/interop

go 1.26.0

require (
	github.com/creack/pty v1.1.24
	github.com/duosecurity/duo_api_golang v0.0.0-20250430191550-ac36954387e7
	github.com/google/go-cmp v0.7.0
)
