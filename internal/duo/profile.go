// Package duo holds Duo profiles and groups: what they are, which values they
// take, and which of them govern a login.
package duo

import (
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// FailMode says what becomes of a login when Duo cannot be reached.
type FailMode string

// The fail modes.
const (
	Safe   FailMode = "safe"   // the login goes on without a second factor
	Secure FailMode = "secure" // the login is refused
)

// A Profile is one owner's Duo configuration; an owner has at most one. The
// values are as they are shown: secrets are sealed, a password inside
// HTTPProxy is masked and kept sealed beside it.
type Profile struct {
	Owner          svm.Owner     `json:"owner"`
	IntegrationKey string        `json:"integration_key"`
	SecretKey      secret.Sealed `json:"secret_key"`
	// Fingerprint is the SHA-256 of the secret key in lower-case hex: 64
	// digits. The algorithm is Duoplane's choice; ONTAP documents none.
	Fingerprint string `json:"fingerprint"`
	// APIHost is a host name or address, with ":port" where it is not 443.
	APIHost string `json:"api_host"`
	// Status is "Ok" or why Duo does not answer this profile. Computed.
	Status   string   `json:"-"`
	Enabled  bool     `json:"is_enabled"`
	AutoPush bool     `json:"auto_push"`
	PushInfo bool     `json:"push_info"`
	FailMode FailMode `json:"fail_mode"`
	// HTTPProxy is "[http://][user[:mask]@]host[:port]", "" for none.
	HTTPProxy     string        `json:"http_proxy,omitempty"`
	ProxyPassword secret.Sealed `json:"proxy_password,omitzero"`
	// MaxPrompts is how many tries a login has: 1 to 3.
	MaxPrompts int    `json:"max_prompts"`
	Comment    string `json:"comment,omitempty"`
}

// A Group puts the members of one Active Directory, LDAP or local group under
// its owner's profile, but for the users named. Where an owner has no group,
// everybody is under the profile.
type Group struct {
	Owner         svm.Owner `json:"owner"`
	Name          string    `json:"name"`
	ExcludedUsers []string  `json:"excluded_users,omitempty"`
	Comment       string    `json:"comment,omitempty"`
}

// setSecretKey takes a new secret key, still to be sealed, and its fingerprint.
func (p *Profile) setSecretKey(key secret.Text) {
	p.SecretKey = secret.Fresh(key)
	p.Fingerprint = key.Fingerprint()
}
