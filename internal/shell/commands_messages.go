package shell

import (
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/record"
)

func (s Services) banners() Mounted {
	schema := loginmsg.BannerSchema()
	return Resource[loginmsg.Messages]{
		Name: "security login banner", Noun: "login banner", Nouns: "the login banners",
		Path: pathMessages, Schema: schema, Modifier: s.Messages, Owners: s.Owners,
		Needs: textParam, Compose: composer(schema, "login banner"),
		Block: []Line{
			{Label: "Vserver", Param: "vserver"},
			{Label: "Message", Param: textParam, Ruled: true},
		},
	}
}

func (s Services) motds() Mounted {
	schema := loginmsg.MotdSchema()
	return Resource[loginmsg.Messages]{
		Name: "security login motd", Noun: "message of the day", Nouns: "the messages of the day",
		Path: pathMessages, Schema: schema, Modifier: s.Messages, Owners: s.Owners,
		Compose: composer(schema, "message of the day"),
		Block: []Line{
			{Label: "Vserver", Param: "vserver"},
			{Label: "Is the Cluster MOTD Displayed?", Param: "is-cluster-message-enabled"},
			{Label: "Message", Param: textParam, Ruled: true},
		},
	}
}

// textParam is the parameter of either text.
const textParam = "message"

// composer asks for a text of several lines, which a parameter cannot hold.
func composer(schema *record.Schema[loginmsg.Messages], what string) func(*Call, *loginmsg.Messages) (record.Input[loginmsg.Messages], error) {
	return func(c *Call, m *loginmsg.Messages) (record.Input[loginmsg.Messages], error) {
		c.Line("")
		c.Line("Enter the %s for Vserver %q.", what, m.Owner.Name)
		c.Line("Max size: %d. Enter a blank line to terminate input. Press Ctrl-C to abort.", loginmsg.MaxText)
		c.Line("0        1         2         3         4         5         6         7         8")
		c.Line("12345678901234567890123456789012345678901234567890123456789012345678901234567890")
		text, err := c.session.askLines(loginmsg.MaxText)
		switch {
		case err != nil:
			return record.Input[loginmsg.Messages]{}, err
		case text == "":
			return record.Input[loginmsg.Messages]{}, usagef("no text was entered; -%s \"\" takes the one there is away", textParam)
		}
		return schema.ReadFlags([]record.Param{{Name: textParam, Value: text}}, record.Modify)
	}
}
