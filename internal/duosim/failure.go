package duosim

import "fmt"

// A failure is an answer with stat FAIL. The first three digits of its code are
// the HTTP status: a FAIL inside HTTP 200 would make Duo Unix ask again as if
// the passcode had been wrong.
type failure struct {
	code    int
	message string
	detail  string
}

func (f *failure) Error() string { return fmt.Sprintf("%d: %s: %s", f.code, f.message, f.detail) }

func (f *failure) status() int { return f.code / 100 }

func (f *failure) document() document {
	doc := document{{"stat", "FAIL"}, {"code", f.code}, {"message", f.message}}
	if f.detail != "" {
		doc = doc.with("message_detail", f.detail)
	}
	return doc
}

// The failures of the service. Codes and, where known, texts are Duo's.
var (
	errNoCredentials     = &failure{40101, "Missing request credentials", ""}
	errBadIKey           = &failure{40102, "Invalid integration key in request credentials", ""}
	errBadSignature      = &failure{40103, "Invalid signature in request credentials", ""}
	errNoDate            = &failure{40104, "Missing request timestamp", ""}
	errBadDate           = &failure{40105, "Bad request timestamp", ""}
	errContentType       = &failure{40106, "Invalid content type", ""}
	errWrongIntegration  = &failure{40301, "Access forbidden", "Wrong integration type for this API."}
	errNoResource        = &failure{40401, "Resource not found", ""}
	errTooLargeBody      = &failure{41301, "Request too large", ""}
	errTooManyRequests   = &failure{42901, "Too Many Requests", ""}
	errInternal          = &failure{50001, "Unknown internal server error", ""}
	errTooManyConcurrent = &failure{50301, "Service overloaded", ""}
)

func missing(param string) error {
	return &failure{40001, "Missing required request parameters", param}
}

func invalid(param string) error {
	return &failure{40002, "Invalid request parameters", param}
}
