package account

import (
	"strconv"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// PublicKeySchema returns the declaration of a public key.
func PublicKeySchema() *record.Schema[PublicKey] {
	owner := svm.OwnerFields("the account", func(k *PublicKey) *svm.Owner { return &k.Owner })
	return record.NewSchema("publickey", append(owner, publicKeyFields...)...)
}

// publicKeyFields are a public key's own rows, in ONTAP's order.
var publicKeyFields = []record.Field[PublicKey]{
	{
		Path: "account.name", Flag: "username", Aliases: []string{"user-or-group-name"}, Kind: record.String, Use: record.Key | record.Required | record.CreateOnly,
		Doc: "Account that logs in with the key.", Label: "User Name", Example: "joe",
		Get:   func(k *PublicKey) record.Value { return record.Text(k.Account) },
		Set:   func(k *PublicKey, v record.Value) { k.Account = v.Str() },
		Check: func(v record.Value) error { return checkName(v.Str()) },
	},
	{
		Path: "index", Flag: "index", Kind: record.Int, Use: record.Key | record.CreateOnly, Max: maxIndex,
		Doc: "Number of the key among the account's, 0 to 99; by default the first that is free.", Label: "Index", Example: "0",
		Get: func(k *PublicKey) record.Value { return record.Integer(int64(k.Index)) },
		Set: func(k *PublicKey, v record.Value) { k.Index = int(v.Int()) },
	},
	{
		Path: "public_key", Flag: "publickey", Aliases: []string{"public-key"}, Kind: record.String, Use: record.Required | record.Unsorted, Max: maxKeyText,
		Doc: "The key as a line of OpenSSH's without options: algorithm, key in base64, and perhaps a comment." +
			" RSA keys have 2048 bits or more.",
		Label: "Public Key", Example: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC0dV5LkXy1Q0cVbTt1sO6cD2yqfH2k1Qm8o5lqvXn4B joe@example.com",
		Get: func(k *PublicKey) record.Value { return record.Text(k.Key) },
		Set: func(k *PublicKey, v record.Value) { k.setKey(v.Str()) },
		Check: func(v record.Value) error {
			_, err := readKey(v.Str())
			return err
		},
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: maxComment,
		Doc: "Free text.", Label: "Comment", Example: "laptop",
		Get:   func(k *PublicKey) record.Value { return record.Text(k.Comment) },
		Set:   func(k *PublicKey, v record.Value) { k.Comment = v.Str() },
		Check: record.Plain,
	},
	{
		Path: "scope", Kind: record.Enum, Enum: []string{ClusterScope, SVMScope}, Use: record.ReadOnly,
		Doc: "Whether the account is the cluster's or an SVM's.", Example: ClusterScope,
		Get: func(k *PublicKey) record.Value { return record.Text(k.Scope) },
	},
	{
		Path: "sha_fingerprint", Flag: "sha-fingerprint", Aliases: []string{"fingerprint"}, Kind: record.String, Use: record.ReadOnly,
		Doc: "SHA-256 of the key, as ssh-keygen -l shows it.", Label: "SHA Fingerprint", Example: "SHA256:2n0s6uQ4xk8oV0Xb5rXb7hV5B6lqg1C2o3tX9w8yZkE",
		Get: func(k *PublicKey) record.Value { return record.Text(k.Fingerprint) },
	},
}

// readIndex reads an index without a sign or leading zeros.
func readIndex(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= maxIndex && strconv.Itoa(n) == text
}
