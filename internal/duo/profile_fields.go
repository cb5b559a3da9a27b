package duo

import (
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// ProfileSchema returns the declaration of a Duo profile.
func ProfileSchema() *record.Schema[Profile] {
	owner := svm.OwnerFields("the profile", func(p *Profile) *svm.Owner { return &p.Owner })
	return record.NewSchema("duo_profile", append(owner, profileFields...)...)
}

// profileFields are a profile's own rows, in ONTAP's order.
var profileFields = []record.Field[Profile]{
	{
		Path: "integration_key", Flag: "integration-key", Kind: record.String, Use: record.Required, Max: maxKey,
		Doc: "Integration key of the application in Duo.", Label: "Duo Intgration Key", Example: "DIQ7M2K9T4V1B8N3C6X5",
		Get:   func(p *Profile) record.Value { return record.Text(p.IntegrationKey) },
		Set:   func(p *Profile, v record.Value) { p.IntegrationKey = v.Str() },
		Check: func(v record.Value) error { return checkKey("integration_key", v.Str()) },
	},
	{
		Path: "secret_key", Flag: "secret-key", Kind: record.Secret, Use: record.Required | record.WriteOnly, Max: maxKey,
		Doc: "Secret key of the application in Duo. Never returned; its fingerprint is.", Label: "Duo Secret Key",
		Get:   func(*Profile) record.Value { return record.Value{} },
		Set:   func(p *Profile, v record.Value) { p.setSecretKey(v.Secret()) },
		Check: checkSecretKey,
	},
	{
		Path: "fingerprint", Flag: "fingerprint", Kind: record.String, Use: record.ReadOnly,
		Doc: "SHA-256 of the secret key in lower-case hex.", Label: "Duo Secret Key Fingerprint",
		Example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Get:     func(p *Profile) record.Value { return record.Text(p.Fingerprint) },
	},
	{
		Path: "api_host", Flag: "apihost", Aliases: []string{"api-host"}, Kind: record.String, Use: record.Required, Max: maxHost,
		Doc: "Host name or address of Duo's API, with a port if it is not 443.", Label: "Duo API Host", Example: "api-3f9c21ab.duosecurity.com",
		Get:   func(p *Profile) record.Value { return record.Text(p.APIHost) },
		Set:   func(p *Profile, v record.Value) { p.APIHost = v.Str() },
		Check: func(v record.Value) error { return checkAPIHost(v.Str()) },
	},
	{
		Path: "status", Flag: "status", Kind: record.String, Use: record.ReadOnly | record.Computed,
		Doc: "\"Ok\" when Duo answers with these keys, else a short reason why not.", Label: "Duo Status", Example: "Ok",
		Words: map[string]string{"Ok": "ok"},
		Get:   func(p *Profile) record.Value { return record.Text(p.Status) },
	},
	{
		Path: "is_enabled", Flag: "is-enabled", Aliases: []string{"enabled"}, Kind: record.Bool, Default: record.Flag(true),
		Doc: "Whether logins of this owner go through Duo.", Label: "Duo Enable Status",
		Get: func(p *Profile) record.Value { return record.Flag(p.Enabled) },
		Set: func(p *Profile, v record.Value) { p.Enabled = v.Bool() },
	},
	{
		Path: "auto_push", Flag: "autopush", Kind: record.Bool, Default: record.Flag(true),
		Doc: "Whether a login starts a push at once instead of asking for a method.", Label: "Duo Auto Push Config",
		Get: func(p *Profile) record.Value { return record.Flag(p.AutoPush) },
		Set: func(p *Profile, v record.Value) { p.AutoPush = v.Bool() },
	},
	{
		Path: "push_info", Flag: "pushinfo", Kind: record.Bool, Default: record.Flag(true),
		Doc: "Whether the push tells where the login comes from and what it wants.", Label: "Information with Push",
		Get: func(p *Profile) record.Value { return record.Flag(p.PushInfo) },
		Set: func(p *Profile, v record.Value) { p.PushInfo = v.Bool() },
	},
	{
		Path: "fail_mode", Flag: "fail-mode", Kind: record.Enum, Enum: []string{string(Safe), string(Secure)}, Default: record.Text(string(Safe)),
		Doc: "What becomes of a login when Duo cannot be reached: \"safe\" lets it go on, \"secure\" refuses it.", Label: "Duo Fail Safe Config",
		Get: func(p *Profile) record.Value { return record.Text(string(p.FailMode)) },
		Set: func(p *Profile, v record.Value) { p.FailMode = FailMode(v.Str()) },
	},
	{
		Path: "http_proxy", Flag: "http-proxy", Kind: record.String, Use: record.Clearable | record.Sensitive, Max: maxProxy,
		Doc: "HTTP proxy on the way to Duo. A password in it is shown masked.", Label: "HTTP Proxy URL", Example: "10.4.0.9:3128",
		Get:   func(p *Profile) record.Value { return record.Text(p.HTTPProxy) },
		Set:   func(p *Profile, v record.Value) { p.setProxy(v.Str()) },
		Check: func(v record.Value) error { return checkProxy(v.Str()) },
	},
	{
		Path: "max_prompts", Flag: "max-prompts", Kind: record.Int, Min: 1, Max: 3, Default: record.Integer(1),
		Doc: "How many tries at the second factor a login has.", Label: "Maximum Prompts",
		Get: func(p *Profile) record.Value { return record.Integer(int64(p.MaxPrompts)) },
		Set: func(p *Profile, v record.Value) { p.MaxPrompts = int(v.Int()) },
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: maxComment,
		Doc: "Free text.", Label: "Comment", Example: "console logins",
		Get:   func(p *Profile) record.Value { return record.Text(p.Comment) },
		Set:   func(p *Profile, v record.Value) { p.Comment = v.Str() },
		Check: record.Plain,
	},
}
